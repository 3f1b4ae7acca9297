import { createHash } from 'node:crypto';
import type { Sealer } from '../../crypto/keyring.ts';
import type { IdempotencyLock, IdempotencyScope } from '../../domain/access/ports.ts';
import type { Transaction } from '../db/transaction.ts';

const hash = (key: string) =>
  createHash('sha256')
    .update(JSON.stringify([key]))
    .digest();
const context = (scope: IdempotencyScope, reference: string) => ['idempotent answer', scope.route, reference] as const;
const KEEP = "interval '24 hours'";
/** How long a repeat waits after an attempt died. If the attempt is only slow, both run under the same id. */
const LOCKED = "interval '4 seconds'";

/**
 * Locks the key, or answers what became of an earlier attempt. `reference` is the id that the first attempt creates its row
 * under. A repeat of an attempt that died half-way uses the same id, so it finds that row instead of creating a second.
 */
export async function lockKey(
  tx: Transaction,
  sealer: Sealer,
  scope: IdempotencyScope,
  newReference: string,
): Promise<IdempotencyLock> {
  const values = [tx.project_id, scope.key_id, scope.route, hash(scope.key)];
  await tx.query(
    `delete from idempotency_keys where project_id = $1 and key_id = $2 and route = $3 and key_hash = $4 and created_at < now() - ${KEEP}`,
    values,
  );
  const [taken] = await tx.query<{ reference: string }>(
    `insert into idempotency_keys as i (project_id, key_id, route, key_hash, body_hash, reference, locked_until)
     values ($1, $2, $3, $4, $5, $6, now() + ${LOCKED})
     on conflict (project_id, key_id, route, key_hash) do update set locked_until = excluded.locked_until
       where i.status is null and i.locked_until < now() and i.body_hash = excluded.body_hash
     returning reference`,
    [...values, scope.body_sha256, newReference],
  );
  if (taken) return { state: 'first', reference: taken.reference };
  const [row] = await tx.query<{
    body_hash: Buffer;
    reference: string;
    status: number | null;
    sealed_answer: Buffer | null;
  }>(
    'select body_hash, reference, status, sealed_answer from idempotency_keys where project_id = $1 and key_id = $2 and route = $3 and key_hash = $4',
    values,
  );
  if (!row) return { state: 'running' };
  if (!row.body_hash.equals(scope.body_sha256)) return { state: 'other_body' };
  if (row.status === null || row.sealed_answer === null) return { state: 'running' };
  return {
    state: 'done',
    status: row.status,
    answer: await sealer.unseal(context(scope, row.reference), row.sealed_answer),
  };
}

/** Stores the answer for 24 hours, sealed. */
export async function keepAnswer(
  tx: Transaction,
  sealer: Sealer,
  scope: IdempotencyScope,
  reference: string,
  status: number,
  answer: unknown,
): Promise<void> {
  await tx.query(
    'update idempotency_keys set status = $5, sealed_answer = $6 where project_id = $1 and key_id = $2 and route = $3 and key_hash = $4',
    [
      tx.project_id,
      scope.key_id,
      scope.route,
      hash(scope.key),
      status,
      await sealer.seal(context(scope, reference), answer),
    ],
  );
}

/** For an attempt whose result is unknown: it may be repeated at once, under the same id and with the same body. */
export async function release(tx: Transaction, scope: IdempotencyScope): Promise<void> {
  await tx.query(
    `update idempotency_keys set locked_until = now() - interval '1 second'
     where project_id = $1 and key_id = $2 and route = $3 and key_hash = $4 and status is null`,
    [tx.project_id, scope.key_id, scope.route, hash(scope.key)],
  );
}

/** A refused attempt has written nothing: the key is free again, for another body too. */
export async function forget(tx: Transaction, scope: IdempotencyScope): Promise<void> {
  await tx.query(
    'delete from idempotency_keys where project_id = $1 and key_id = $2 and route = $3 and key_hash = $4 and status is null',
    [tx.project_id, scope.key_id, scope.route, hash(scope.key)],
  );
}
