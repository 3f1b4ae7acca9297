import type { Finding } from '../../contracts/verdict.ts';
import type { TypedValue } from './typed-values.ts';

/** An action as guardrails see it: its payload read to the ground, and every value typed. */
export interface JudgedAction {
  readonly service: string;
  readonly action: string;
  readonly values: readonly TypedValue[];
}

/** What a guardrail may know beside the action. */
export interface GuardrailContext {
  /** Whether text that a third party can write was read before the call. */
  readonly untrusted: boolean;
  /** The policy's domains and whole addresses that actions may send to; empty when it names none. */
  readonly allowed_domains: readonly string[];
}

/**
 * One automatic check. It judges typed values, never raw text, and is pure: the same action gives the same findings.
 * It bounds its work by the values it is given, and what it throws is a hold.
 */
export interface Guardrail {
  /** The first part of the ids of its findings. */
  readonly id: string;
  check(action: JudgedAction, context: GuardrailContext): Finding[];
}
