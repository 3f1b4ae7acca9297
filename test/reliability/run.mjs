// `npm run reliability [-- --full] [--seed N] [--only NAME,NAME] [--short]`: loads the suites, which are TypeScript, and runs them.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('./main.ts', import.meta.url)), {
  configFile: false,
  logLevel: 'error',
});
// Told to end: left to end by itself, Node 20 can wait for ever for sockets that a dead service left half closed.
process.stdout.write('', () => process.exit(module.code));
