import { join } from 'node:path';
import { REPOSITORY } from '../../helpers/repository-files.ts';
import type { Cell } from '../cell.ts';
import { environment, PACKAGES } from '../lab.ts';
import { mustRun } from '../run-program.ts';

const tool = (file: string, args: string[], cwd: string) =>
  mustRun(process.execPath, [join(REPOSITORY, 'node_modules', file), ...args], { cwd, env: environment() });

export const METADATA: Cell[] = PACKAGES.flatMap((name): Cell[] => [
  {
    name: `publint ${name}`,
    async run(lab) {
      const { output } = await tool('publint/src/cli.js', [await lab.tarball(name), '--strict'], lab.folder);
      if (!output.includes('All good!')) throw new Error(output);
      return 'strict';
    },
  },
  {
    name: `attw ${name}`,
    async run(lab) {
      const args = [await lab.tarball(name), '--profile', 'esm-only', '--format', 'json'];
      const { stdout } = await tool('@arethetypeswrong/cli/dist/index.js', args, lab.folder);
      const { analysis } = JSON.parse(stdout) as { analysis: { entrypoints: Record<string, unknown> } };
      return `${Object.keys(analysis.entrypoints).length} entrypoints, esm-only, none excluded`;
    },
  },
]);
