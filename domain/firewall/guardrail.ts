import type { ActionContext } from '../../contracts/action.ts';
import type { Finding } from '../../contracts/verdict.ts';
import type { ScreenStats } from './history/stats.ts';
import type { Known } from './outbound/known.ts';
import type { ParsedAction } from './parsing/parsed-action.ts';
import type { Parsers } from './parsing/parsers.ts';

/** What a guardrail may know beside the action. */
export interface GuardrailContext {
  /** Whether text that a third party can write was read before the call. */
  readonly untrusted: boolean;
  /** Nothing was said about that, and the policy does not take it for trust. */
  readonly undeclared: boolean;
  /** Whether the session holds private data. */
  readonly private: boolean;
  /** The policy's and the trusted request's domains and whole addresses; empty when nobody names any. */
  readonly allowed_domains: readonly string[];
  readonly known: Known;
  readonly declared: ActionContext;
  readonly parsers: Parsers;
  /** Earlier calls, as far as the host keeps them. */
  readonly stats: ScreenStats | undefined;
}

/**
 * One automatic check. It judges typed values, never raw text, and is pure: the same action gives the same findings.
 * It bounds its work by the values it is given, and what it throws is a hold.
 */
export interface Guardrail {
  /** The first part of the ids of its findings. */
  readonly id: string;
  check(action: ParsedAction, context: GuardrailContext): Finding[];
}
