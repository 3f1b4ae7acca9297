import type { ActionContext } from '../../contracts/action.ts';
import type { ArgumentRole } from '../../contracts/guardrails.ts';
import type { Finding } from '../../contracts/verdict.ts';
import type { ScreenStats } from './history/stats.ts';
import type { Leaf } from './parsing/normalised-input.ts';
import type { Parsers } from './parsing/parsers.ts';
import type { TypedValue } from './parsing/typed-values.ts';
import type { Known } from './policy/known.ts';

/** An action as guardrails see it: its payload read to the ground, and every value typed. */
export interface ParsedAction {
  readonly service: string;
  readonly action: string;
  /** The words of the two names. */
  readonly words: { readonly service: readonly string[]; readonly action: readonly string[] };
  readonly payload: Readonly<Record<string, unknown>>;
  readonly leaves: readonly Leaf[];
  readonly values: readonly TypedValue[];
  /** The role that the policy declares for the argument at a pointer, or at the nearest one above it. */
  roleAt(pointer: string): ArgumentRole | undefined;
}

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
