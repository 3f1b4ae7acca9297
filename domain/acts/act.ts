/**
 * Administrative acts: what gave or took authority in a project. Every act is a row of a chain, which is the evidence: each row
 * authenticates itself and names the one before. A new kind needs no migration.
 */
export const ACT_KINDS = [
  'project_created',
  'key_created',
  'key_revoked',
  'policy_written',
  'login_link_created',
  'session_ended',
  'signing_key_created',
  'signing_key_retired',
  'signing_key_revoked',
  'rows_adopted',
  'epoch_opened',
  'retention_set',
] as const;
export type ActKind = (typeof ACT_KINDS)[number];

/** In clear in the database, so without secrets. */
export type ActDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** `page`: a person who is signed in. `terminal`: a command that connects to the database and has the root key. */
export type Surface = 'api' | 'page' | 'terminal';

/** Who does something, and from where. */
export interface Actor {
  /** Owner of the key or session; null for the terminal. */
  owner: string | null;
  /** The key that was used, or that was used to sign in. */
  key_id: string | null;
  surface: Surface;
  /** Of the connection, so a proxy's where there is one; null for the terminal. */
  address: string | null;
}

export const TERMINAL: Actor = { owner: null, key_id: null, surface: 'terminal', address: null };

export interface NewAct {
  kind: ActKind;
  /** What it is about: the id of a key, a version of the policy. */
  subject: string | null;
  by: Actor;
  details: ActDetails;
}

/** What remains of an act outside the database, so that a person can repeat one that was lost. */
export interface ActSummary {
  /** Of this release's kinds or another's. */
  kind: string;
  subject: string | null;
  /** Owner of the key that was used; null for a command of the terminal. */
  actor: string | null;
  number: number;
  epoch: number;
  /** ISO 8601 */
  at: string;
}

/** The last act of a project. `mac` is base64url. */
export interface ActHead {
  /** Rises when a person accepts a restored backup. Numbers go on. */
  epoch: number;
  number: number;
  mac: string;
}

/** The last act as it is kept outside the database, with the newest acts. */
export interface AnchoredHead extends ActHead {
  /** Oldest first, at most `MAX_RECENT`. */
  recent: readonly ActSummary[];
}

export const MAX_RECENT = 50;

/** Below 0: `a` is an older state than `b`. */
export const compareHeads = (a: ActHead, b: ActHead): number => a.epoch - b.epoch || a.number - b.number;

/** The newer of two heads, with the newest acts of both. */
export function newerHead(a: AnchoredHead, b: AnchoredHead): AnchoredHead {
  const [older, newer] = compareHeads(a, b) > 0 ? [b, a] : [a, b];
  const acts = new Map([...older.recent, ...newer.recent].map((act) => [`${act.epoch}/${act.number}`, act]));
  const recent = [...acts.values()].sort((x, y) => x.epoch - y.epoch || x.number - y.number).slice(-MAX_RECENT);
  return { ...newer, recent };
}
