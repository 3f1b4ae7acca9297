import { ERROR_STATUS } from '../../contracts/error-codes.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import type { IdempotencyScope, IdempotencyStore } from '../../domain/access/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Reply } from '../route.ts';

/** Runs `work` at most once per `Idempotency-Key`. It gets the id to create its record under: that of the first try. */
export type Once = (
  principal: Principal,
  use: Omit<IdempotencyScope, 'key_id'>,
  fresh_id: string,
  work: (id: string) => Promise<Reply>,
  secret?: readonly string[],
) => Promise<Reply>;

/** The attacker has a log or a proxy's record of the call, and repeats it. */
const withoutSecret = (answer: unknown, secret: readonly string[]): unknown =>
  secret.length === 0 || typeof answer !== 'object' || answer === null
    ? answer
    : Object.fromEntries(Object.entries(answer).filter(([name]) => !secret.includes(name)));

const REPLAYED = { 'Idempotency-Replayed': 'true' };

/**
 * `Idempotency-Key` (IETF draft-07): the first answer is repeated for 24 hours with `Idempotency-Replayed: true`. Another body
 * under the same key is 422; the same body while the first try still runs is 409. A refused try keeps nothing. Members in `secret` are in the first answer only.
 */
export const createOnce =
  (store: IdempotencyStore): Once =>
  async ({ project_id, key_id }, { route, key, body_sha256 }, fresh_id, work, secret = []) => {
    if (key.length === 0 || key.length > 255)
      throw new DomainError('invalid_request', 'An Idempotency-Key has 1 to 255 characters.');
    const scope = { key_id, route, key, body_sha256 };
    const lock = await store.lock(project_id, scope, fresh_id);
    switch (lock.state) {
      case 'done':
        return { status: lock.status, headers: REPLAYED, body: withoutSecret(lock.answer, secret) };
      case 'running':
        throw new DomainError('idempotency_key_in_use', 'A request with this Idempotency-Key is still running.', {
          retry_after: 1,
        });
      case 'other_body':
        throw new DomainError('idempotency_key_reused', 'This Idempotency-Key was used with another body.');
      case 'first':
        break;
      default:
        return lock satisfies never;
    }
    try {
      const reply = await work(lock.reference);
      await store.keep(project_id, scope, lock.reference, reply.status, withoutSecret(reply.body, secret));
      return reply;
    } catch (error) {
      const refused = error instanceof DomainError && ERROR_STATUS[error.code] < 500;
      await (refused ? store.forget(project_id, scope) : store.release(project_id, scope)).catch(() => {});
      throw error;
    }
  };
