import { pointerOf } from '../../domain/json/pointer.ts';
import { policyWarnings } from '../../domain/policy/warnings.ts';
import type { Terminal } from '../command.ts';
import { jsonLine } from '../text.ts';
import { type FileProblem, problemLine, readPolicyFile, ruleProblems } from './policy-file.ts';

/** Lists all errors of a policy file, and warnings about loose settings. */
export async function check(file: string, json: boolean, terminal: Terminal): Promise<0 | 1> {
  const read = readPolicyFile(file);
  let errors: FileProblem[] = [];
  let warnings: FileProblem[] = [];
  if (!read.ok) errors = read.problems;
  else {
    errors = await ruleProblems(read);
    warnings = policyWarnings(read.policy).map(({ path, message }) => ({
      pointer: pointerOf(path),
      ...read.place(path),
      message,
    }));
  }
  const ok = errors.length === 0;
  if (json) {
    terminal.out(jsonLine({ ok, errors, warnings }));
    return ok ? 0 : 1;
  }
  for (const problem of errors) terminal.out(`${problemLine(file, problem)}\n`);
  for (const problem of warnings)
    terminal.out(`${problemLine(file, { ...problem, message: `warning: ${problem.message}` })}\n`);
  terminal.err(
    ok
      ? `${file} is valid${warnings.length > 0 ? `, with ${warnings.length} warning${warnings.length === 1 ? '' : 's'}` : ''}\n`
      : `${file} is not valid: ${errors.length} ${errors.length === 1 ? 'error' : 'errors'}\n`,
  );
  return ok ? 0 : 1;
}
