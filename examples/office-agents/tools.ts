import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { JsonObject } from 'letsping-temporal/contracts';

/** One line of the ledger file: something happened in the world. */
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
 * The tools of these agents. Each writes what it did to a local file instead of calling a bank or a database, so that
 * effects can be counted. `key` is the request's id: a node that is run again after a crash does nothing twice.
 */
export function runTool(file: string, effect: Effect): string {
  if (readEffects(file).some(({ key }) => key === effect.key)) return 'done before';
  appendFileSync(file, `${JSON.stringify(effect)}\n`, { mode: 0o600 });
  return `${effect.action} done`;
}
