/** `approval.ts` as a program: prints the id of its request, then what came of it. */
import { approvalOf } from './approval.js';

const line = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);

approvalOf((opened) => line({ opened })).then(line, (error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
