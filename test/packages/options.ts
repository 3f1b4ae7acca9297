import { parseArgs } from 'node:util';
import type { Cell } from './cell.ts';
import { CONTENTS } from './cells/contents.ts';
import { EXPORT_CELLS } from './cells/exports.ts';
import { INSTALL_CELLS } from './cells/install.ts';
import { METADATA } from './cells/metadata.ts';
import { REFUSALS } from './cells/refusals.ts';
import { RUNTIMES } from './cells/runtimes.ts';
import { TYPES } from './cells/types.ts';
import { VERSIONS } from './cells/versions.ts';

const CELLS: Cell[] = [
  ...CONTENTS,
  ...METADATA,
  ...INSTALL_CELLS,
  ...EXPORT_CELLS,
  ...TYPES,
  ...RUNTIMES,
  ...VERSIONS,
  ...REFUSALS,
];
export const USAGE = `usage: npm run test:packages [-- --only NAME,NAME] [--node 20,22,24] [--keep]
cells: ${[...new Set(CELLS.map(({ name }) => name))].join(', ')}`;

/** The cells to run. @throws Error for options that match nothing. */
export function chosen(args: string[]): { cells: Cell[]; keep: boolean } {
  const { only, node, manager, keep } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      node: { type: 'string' },
      manager: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  }).values;
  const names = only?.split(',');
  for (const wanted of names ?? [])
    if (!CELLS.some(({ name }) => name.includes(wanted))) throw new Error(`--only: no cell has the name ${wanted}`);
  const versions = node?.split(',');
  for (const wanted of versions ?? [])
    if (!CELLS.some((cell) => cell.node === wanted)) throw new Error(`--node: no cell runs on Node ${wanted}`);
  const cells = CELLS.filter(
    (cell) =>
      (names === undefined || names.some((wanted) => cell.name.includes(wanted))) &&
      (versions === undefined || cell.node === undefined || versions.includes(cell.node)) &&
      (manager === undefined || cell.manager === manager),
  );
  if (cells.length === 0) throw new Error('no cell has all of these options');
  return { cells, keep };
}
