import type { ArgumentRole } from '../../../contracts/guardrails.ts';
import type { Leaf } from './normalised-input.ts';
import type { TypedValue } from './typed-values.ts';

/** The declared role of the argument at a JSON Pointer. */
export type RoleAt = (pointer: string) => ArgumentRole | undefined;

export const NO_ROLE: RoleAt = () => undefined;

/** The input of guardrails: the payload with all encodings decoded and all values typed. */
export interface ParsedAction {
  readonly service: string;
  readonly action: string;
  /** The words of the two names. */
  readonly words: { readonly service: readonly string[]; readonly action: readonly string[] };
  readonly payload: Readonly<Record<string, unknown>>;
  readonly leaves: readonly Leaf[];
  readonly values: readonly TypedValue[];
  /** The role that the policy declares for the argument at a pointer, or for its nearest ancestor. */
  readonly roleAt: RoleAt;
}
