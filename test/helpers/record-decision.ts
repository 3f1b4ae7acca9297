import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import type { NewDecision } from '../../domain/approval/record.ts';
import { insertCancellation } from '../../storage/approvals/cancellations.ts';
import { insertDecision } from '../../storage/approvals/decisions.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import type { TestSystem } from './system.ts';

const sealerOf = (system: TestSystem) =>
  createKeyring(parseRootKey(system.env['LETSPING_ROOT_KEY']!), storedKeys(system.database.pool)).sealer(
    system.project_id,
  );

/** Writes the row of a decision as the api does, without the message to its workflow. */
export async function recordDecision(
  system: TestSystem,
  decision: Pick<NewDecision, 'id' | 'request_id' | 'type' | 'actor' | 'payload_digest'> & Partial<NewDecision>,
): Promise<void> {
  const sealer = await sealerOf(system);
  await inProject(system.database.pool, system.project_id, (tx) =>
    insertDecision(tx, sealer, { channel: 'api', key_made_by: null, patched_digest: null, ...decision }),
  );
}

/** The same for a cancellation by the request's agent. */
export async function recordCancellation(system: TestSystem, request_id: string): Promise<void> {
  const sealer = await sealerOf(system);
  await inProject(system.database.pool, system.project_id, (tx) =>
    insertCancellation(tx, sealer, request_id, 'dev-agent'),
  );
}
