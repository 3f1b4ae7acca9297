import type { Lab } from './lab.ts';

/** One row of the table. */
export interface Cell {
  /** `<group> <case>`; `--only` selects by a part of it. */
  name: string;
  /** Major version of Node that runs the packages. Absent: the one that runs the tests. */
  node?: string;
  /** Package manager that installs them. */
  manager?: Manager;
  /** Versions under test, for the table. */
  versions?: string;
  /** Resolves to a note for the table. @throws Error that says what is wrong. */
  run(lab: Lab): Promise<string>;
}

export type Manager = 'npm' | 'pnpm';

export interface Result {
  cell: Cell;
  node: string;
  failed: boolean;
  seconds: number;
  note: string;
}

/** Collects all problems of a cell, so that one run names all of them. */
export class Problems {
  readonly #found: string[] = [];

  check(holds: boolean, otherwise: string): void {
    if (!holds) this.#found.push(otherwise);
  }

  add(...problems: string[]): void {
    this.#found.push(...problems);
  }

  /** @throws Error with all of them, if there are any. */
  assertNone(): void {
    if (this.#found.length > 0) throw new Error(this.#found.join('\n'));
  }
}

export async function runCell(cell: Cell, lab: Lab): Promise<Result> {
  const from = Date.now();
  const done = (failed: boolean, note: string): Result => ({
    cell,
    node: cell.node ?? process.versions.node.split('.')[0]!,
    failed,
    seconds: (Date.now() - from) / 1_000,
    note,
  });
  try {
    return done(false, await cell.run(lab));
  } catch (error) {
    return done(true, (error as Error).message || String(error));
  }
}

export function table(results: readonly Result[]): string {
  const head = ['cell', 'Node', 'manager', 'versions', 'result', 'seconds', 'note'];
  const rows = results.map(({ cell, node, failed, seconds, note }) => [
    cell.name,
    node,
    cell.manager ?? '',
    cell.versions ?? '',
    failed ? 'FAILED' : 'passed',
    seconds.toFixed(1),
    failed ? note.split('\n')[0]!.slice(0, 80) : note,
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => text.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
