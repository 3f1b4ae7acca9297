import type { Action } from '../../../contracts/action.ts';
import { parseAction } from '../parsing/parse-action.ts';
import { type PastAction, pastOf } from './stats.ts';

/**
 * What a host keeps of a call for the guardrails that count (`ScreenStats.past`): digests and numbers, no payload.
 *
 * @example
 * const stats = { now_ms: Date.now(), agent, past: await calls.of(project) };
 * const screening = screenAction(action, context, policy, undefined, { parsers, stats });
 * await calls.keep(pastAction(action, stats.now_ms, agent));
 */
export const pastAction = (action: Action, at_ms: number, agent?: string): PastAction =>
  pastOf(parseAction(action).parsed, at_ms, agent);
