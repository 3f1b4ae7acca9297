// `npm run test:packages [-- OPTIONS]`, see options.ts: loads the cells, which are TypeScript, and runs them.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('./main.ts', import.meta.url)), {
  configFile: false,
  logLevel: 'error',
});
process.stdout.write('', () => process.exit(module.code));
