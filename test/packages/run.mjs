// `npm run test:packages [-- --only NAME,NAME] [--node 20,22,24] [--keep]`: loads the cells, which are TypeScript, and runs them.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('./main.ts', import.meta.url)), {
  configFile: false,
  logLevel: 'error',
});
process.stdout.write('', () => process.exit(module.code));
