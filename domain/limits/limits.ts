/** How much one key, and all keys of a project together, may use. `Infinity`: no limit. */
export interface Quota {
  readonly per_key: number;
  readonly per_project: number;
}

/** What an operator may limit. Defaults and variables: `runtime/limits.ts`. */
export interface Limits {
  /** Authenticated requests a minute. */
  readonly requests: Quota;
  /** Requests that wait for a person. */
  readonly pending: Quota;
  /** Open event streams of one process. */
  readonly streams: Quota;
  /** Held status reads of one process. */
  readonly held_reads: Quota;
  /** Large bodies of one process that arrive or wait for an answer. */
  readonly uploads: Quota;
  /** Failed attempts a minute to use a key, a session or a sign-in link. */
  readonly failed_sign_ins: { readonly per_address: number; readonly per_key: number };
}

export type LimitName = keyof Limits;
export type LimitedBy = 'key' | 'project' | 'address';
