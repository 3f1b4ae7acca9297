import { type Result, runCell, table } from './cell.ts';
import { createLab } from './lab.ts';
import { chosen, USAGE } from './options.ts';

async function main(args: string[]): Promise<0 | 1 | 2> {
  let what: ReturnType<typeof chosen>;
  try {
    what = chosen(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
    return 2;
  }
  const lab = await createLab((line) => process.stderr.write(`  ${line}\n`));
  const results: Result[] = [];
  // A signal, and an error that a library throws outside a cell: services must not outlive the run.
  const stop = (why: unknown) => {
    process.stderr.write(`${String(why)}\n`);
    void lab.end(what.keep).finally(() => process.exit(1));
  };
  for (const event of ['SIGINT', 'SIGTERM', 'uncaughtException', 'unhandledRejection']) process.once(event, stop);
  try {
    for (const cell of what.cells) {
      const result = await runCell(cell, lab);
      results.push(result);
      const title = [cell.name, cell.node && `Node ${cell.node}`, cell.manager, cell.versions]
        .filter(Boolean)
        .join(', ');
      process.stderr.write(`${result.failed ? 'FAILED' : 'passed'} ${title}: ${result.note}\n`);
    }
  } finally {
    await lab.end(what.keep);
  }
  process.stdout.write(`\n${table(results)}\n`);
  return results.some(({ failed }) => failed) ? 1 : 0;
}

/** Runs during the import, because the loader closes after it. */
export const code = await main(process.argv.slice(2));
