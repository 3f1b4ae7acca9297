import { createHash } from 'node:crypto';
import { SEAL_FRONT } from '../../crypto/envelope.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import type { IdempotencyLock, IdempotencyScope } from '../../domain/access/ports.ts';
import type { Transaction } from '../db/transaction.ts';
import { unsealRow } from '../keys/unseal-row.ts';

const hash = (key: string) =>
  createHash('sha256')
    .update(JSON.stringify([key]))
    .digest();
/** What the MAC and the seal bind. The attacker writes to the database: they would give a key the record or answer of another one. */
const boundBy = ({ key_id, route, body_sha256 }: IdempotencyScope, reference: string) => ({
  key_id,
  route,
  body_hash: body_sha256,
  reference,
});
const idOf = (scope: IdempotencyScope) => hash(scope.key).toString('base64url');
type Bound = ReturnType<typeof boundBy>;
const answerContext = ({ key_id, route, body_hash, reference }: Bound, id: string) =>
  ['idempotent answer', key_id, route, id, Buffer.from(body_hash).toString('base64url'), reference] as const;
const context = (scope: IdempotencyScope, reference: string) => answerContext(boundBy(scope, reference), idOf(scope));
interface Answer {
  status: number;
  answer: unknown;
}
const KEEP = "interval '24 hours'";
/** How long a repeat waits after an attempt died. If the attempt is only slow, both run under the same id. */
const LOCKED = "interval '4 seconds'";

/**
 * Locks the key, or answers what became of an earlier attempt. `reference` is the id that the first attempt creates its row
 * under. A repeat of an attempt that died half-way uses the same id, so it finds that row instead of creating a second.
 * @throws RowForged
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
  const fresh = sealer.macOf('idempotency_key', idOf(scope), boundBy(scope, newReference));
  const [taken] = await tx.query<{ reference: string; mac: Buffer | null }>(
    `insert into idempotency_keys as i (project_id, key_id, route, key_hash, body_hash, reference, locked_until, mac)
     values ($1, $2, $3, $4, $5, $6, now() + ${LOCKED}, $7)
     on conflict (project_id, key_id, route, key_hash) do update set locked_until = excluded.locked_until
       where i.status is null and i.locked_until < now() and i.body_hash = excluded.body_hash
     returning reference, mac`,
    [...values, scope.body_sha256, newReference, fresh],
  );
  if (taken) {
    const { reference, mac } = taken;
    if (reference !== newReference) sealer.authenticate('idempotency_key', idOf(scope), boundBy(scope, reference), mac);
    return { state: 'first', reference };
  }
  const [row] = await tx.query<{
    body_hash: Buffer;
    reference: string;
    status: number | null;
    sealed_answer: Buffer | null;
    mac: Buffer | null;
  }>(
    'select body_hash, reference, status, sealed_answer, mac from idempotency_keys where project_id = $1 and key_id = $2 and route = $3 and key_hash = $4',
    values,
  );
  if (!row) return { state: 'running' };
  if (!row.body_hash.equals(scope.body_sha256)) return { state: 'other_body' };
  if (row.status === null || row.sealed_answer === null) return { state: 'running' };
  sealer.authenticate('idempotency_key', idOf(scope), boundBy(scope, row.reference), row.mac);
  const bound = context(scope, row.reference);
  if (!sealer.isSealedUnder(bound, row.sealed_answer.subarray(0, SEAL_FRONT)))
    throw new RowForged('idempotency_key', idOf(scope));
  const self = { kind: 'idempotency_key', id: idOf(scope), request_id: null } as const;
  const { status, answer } = (await unsealRow(sealer, self, bound, row.sealed_answer)) as Answer;
  return { state: 'done', status, answer };
}

/** Stores the answer for 24 hours, sealed with its status. */
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
      await sealer.seal(context(scope, reference), { status, answer } satisfies Answer),
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

/** Keys of all projects that are past their time, oldest first; returns how many. `skip locked`: one that is being taken again stays. */
export async function removeExpiredKeys(tx: Transaction, limit: number): Promise<number> {
  const [row] = await tx.query<{ removed: number }>(
    `with removed as (
       delete from idempotency_keys where ctid = any(array(
         select ctid from idempotency_keys where created_at < now() - ${KEEP} order by created_at limit $1 for update skip locked))
       returning 1)
     select count(*)::int as removed from removed`,
    [limit],
  );
  return row?.removed ?? 0;
}

/** How releases before migration 0007 sealed an answer: the seal did not bind the key, the body and the status. */
const formerContext = (route: string, reference: string) => ['idempotent answer', route, reference] as const;

interface FormerRow {
  key_id: string;
  route: string;
  key_hash: Buffer;
  body_hash: Buffer;
  reference: string;
  status: number | null;
  sealed_answer: Buffer | null;
}

/**
 * Writes the MACs of the keys of the release before, and seals their answers again, so that a call that is repeated over the migration
 * finds its first attempt. An answer that cannot be unsealed is dropped: the repeat is refused. For `letsping migrate`.
 */
export async function adoptIdempotencyKeys(tx: Transaction, sealer: Sealer): Promise<void> {
  const rows = await tx.query<FormerRow>(
    `select key_id, route, key_hash, body_hash, reference, status, sealed_answer from idempotency_keys
     where project_id = $1 and mac is null and created_at > now() - ${KEEP}`,
    [tx.project_id],
  );
  for (const { key_id, route, key_hash, body_hash, reference, status, sealed_answer } of rows) {
    const bound = { key_id, route, body_hash, reference };
    const id = key_hash.toString('base64url');
    const answer =
      status === null || sealed_answer === null
        ? null
        : await sealer.unseal(formerContext(route, reference), sealed_answer).then(
            (value) => sealer.seal(answerContext(bound, id), { status, answer: value } satisfies Answer),
            () => null,
          );
    await tx.query(
      `update idempotency_keys set mac = $5, sealed_answer = $6 where project_id = $1 and key_id = $2 and route = $3 and key_hash = $4`,
      [tx.project_id, key_id, route, key_hash, sealer.macOf('idempotency_key', id, bound), answer],
    );
  }
}
