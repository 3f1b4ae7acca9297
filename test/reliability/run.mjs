// `npm run reliability [-- --full] [--seed N] [--only NAME,NAME] [--short]`: loads the suites, which are TypeScript, and runs them.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('./main.ts', import.meta.url)), {
  configFile: false,
  logLevel: 'error',
});
// Exits explicitly: otherwise Node 20 can wait endlessly for sockets that a dead service left half closed.
process.stdout.write('', () => process.exit(module.code));
