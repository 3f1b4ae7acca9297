import type { AuditPage } from '../../contracts/audit.ts';
import type { AnchoredHead } from './act.ts';

/** Heads by project. */
export type Heads = ReadonlyMap<string, AnchoredHead>;

/**
 * The heads of all chains, outside the database. The attacker writes the database and brings an older state of it back: a consistent
 * one differs from the anchor alone.
 */
export interface Anchor {
  /** What an operator calls it. */
  readonly name: string;
  /** Undefined before the first write. @throws AnchorUnusable */
  read(): Promise<Heads | undefined>;
  /** Writes these heads, unless the anchor has newer ones. @throws AnchorUnusable */
  raise(heads: Heads): Promise<void>;
  /** Writes exactly these heads: a person accepted the state of the database. @throws AnchorUnusable */
  replace(heads: Heads): Promise<void>;
}

/** The anchor cannot be read or written. The message says why. */
export class AnchorUnusable extends Error {
  override readonly name = 'AnchorUnusable';
  /** It was read, and its content is not an anchor. */
  readonly damaged: boolean;
  constructor(message: string, damaged: boolean, options?: ErrorOptions) {
    super(message, options);
    this.damaged = damaged;
  }
}

/** Which acts: the newest `limit` before the number `before`, and of the last `since_ms`. */
export interface AuditSpan {
  limit: number;
  before?: number | undefined;
  since_ms?: number | undefined;
}

/** The acts of a project, for those who read its audit trail. */
export interface AuditStore {
  /** Verifies the newest acts of the chain and those of the page, and says what is wrong. */
  audit(project_id: string, span: AuditSpan): Promise<AuditPage>;
}
