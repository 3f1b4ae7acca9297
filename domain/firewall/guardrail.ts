import type { ActionContext } from '../../contracts/action.ts';
import type { Finding } from '../../contracts/verdict.ts';
import type { ScreenStats } from './history/stats.ts';
import type { Known } from './outbound/known.ts';
import type { ParsedAction } from './parsing/parsed-action.ts';
import type { Parsers } from './parsing/parsers.ts';

/** What a guardrail knows in addition to the action. */
export interface GuardrailContext {
  /** Whether text that a third party can write was read before the call. */
  readonly untrusted: boolean;
  /** Whether the call does not declare that, and the policy does not take this for trust. */
  readonly undeclared: boolean;
  /** Whether the session holds private data. */
  readonly private: boolean;
  /** The policy's and the trusted request's domains and whole addresses; empty when neither names any. */
  readonly allowed_domains: readonly string[];
  readonly known: Known;
  readonly declared: ActionContext;
  readonly parsers: Parsers;
  /** Earlier calls, as far as the host keeps them. */
  readonly stats: ScreenStats | undefined;
}

/**
 * One automatic check. It judges typed values, never raw text, and is pure: the same action gives the same findings.
 * Its work is bounded by the values of the action. An exception holds the action.
 */
export interface Guardrail {
  /** The first part of the ids of its findings. */
  readonly id: string;
  check(action: ParsedAction, context: GuardrailContext): Finding[];
}
