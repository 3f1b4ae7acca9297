import type { Pool } from 'pg';
import { createKeyring } from '../../crypto/keyring.ts';
import type { RootKey } from '../../crypto/root-key.ts';
import { anchorFile } from '../../runtime/anchor-file.ts';
import { rolledBackSentence, verifyChains } from '../../storage/acts/refuse-rolled-back.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { type CheckResult, fail, messageOf, ok, warn } from './check.ts';

export const ACTS = 'administrative acts';

/** Verifies every chain since its epoch was opened, and compares it with the anchor. Changes nothing. */
export async function administrativeActs(pool: Pool, root: RootKey, file: string | undefined): Promise<CheckResult> {
  const anchor = file === undefined ? undefined : anchorFile(file);
  try {
    const keyring = createKeyring(root, storedKeys(pool));
    const verified = await verifyChains(pool, keyring, (await anchor?.read()) ?? new Map(), Number.MAX_SAFE_INTEGER);
    const sentence = rolledBackSentence(verified, anchor);
    if (sentence !== undefined)
      return fail(ACTS, sentence, 'compare with a backup before you accept this state (docs/operations.md)');
    if (!anchor)
      return warn(
        ACTS,
        'complete, but without an anchor a start does not notice an older state of the whole database',
        'set LETSPING_ANCHOR_FILE to a file on another volume than the database (docs/operations.md)',
      );
    return ok(ACTS, `complete, and as ${anchor.name} says`);
  } catch (error) {
    return fail(ACTS, messageOf(error), 'use the root key that sealed this database, and an anchor that can be read');
  }
}
