/** How often an id was used since the last report. The id is a hash: nothing readable is stored. */
export interface Use {
  id: Buffer;
  used: number;
}

/** Adds up what all processes used. */
export interface UsageStore {
  /** Adds, and returns the new totals of the same ids. */
  add(uses: readonly Use[]): Promise<Use[]>;
}
