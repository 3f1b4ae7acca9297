import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { JsonObject } from 'letsping-temporal/contracts';

/** One line of the effects file. */
export interface Effect {
  key: string;
  service: string;
  action: string;
  args: JsonObject;
}

export function readEffects(file: string): Effect[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Effect);
}

/**
 * The tools of these agents. Each writes its effect to a local file instead of calling a bank or a database, so that
 * effects can be counted. `key` is the request's id: a node that runs again after a crash repeats no effect.
 */
export function runTool(file: string, effect: Effect): string {
  if (readEffects(file).some(({ key }) => key === effect.key)) return 'done before';
  appendFileSync(file, `${JSON.stringify(effect)}\n`, { mode: 0o600 });
  return `${effect.action} done`;
}
