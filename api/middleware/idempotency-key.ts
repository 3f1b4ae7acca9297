import type { Request, Response } from 'express';
import { type IdPrefix, newId } from '../../crypto/ids.ts';
import type { IdempotencyStore } from '../../domain/access/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { PROBLEM_STATUS } from '../problem-status.ts';
import { principalOf } from './authenticate.ts';

export interface Answer {
  status: number;
  body: unknown;
}

/** Runs a write at most once per `Idempotency-Key` and answers. The work is given the id to make its row under. */
export type Once = (
  req: Request,
  res: Response,
  route: string,
  prefix: IdPrefix,
  work: (id: string) => Promise<Answer>,
) => Promise<void>;

/**
 * `Idempotency-Key` (IETF draft-07): the first answer is repeated for 24 hours with `Idempotency-Replayed: true`; another body
 * under the same key is 422, the same one while the first still runs 409. A refused try keeps nothing.
 */
export const createOnce =
  (store: IdempotencyStore): Once =>
  async (req, res, route, prefix, work) => {
    const key = req.get('idempotency-key');
    const fresh = newId(prefix);
    if (key === undefined) {
      const { status, body } = await work(fresh);
      res.status(status).json(body);
      return;
    }
    if (key.length === 0 || key.length > 255)
      throw new DomainError('invalid_request', 'An Idempotency-Key has 1 to 255 characters.');
    const { project_id, key_id } = principalOf(res);
    const scope = { key_id, route, key, body: (res.locals.body_text as string | undefined) ?? '' };
    const lock = await store.lock(project_id, scope, fresh);
    switch (lock.state) {
      case 'done':
        res.set('Idempotency-Replayed', 'true').status(lock.status).json(lock.answer);
        return;
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
      const { status, body } = await work(lock.reference);
      await store.keep(project_id, scope, lock.reference, status, body);
      res.status(status).json(body);
    } catch (error) {
      const refused = error instanceof DomainError && PROBLEM_STATUS[error.code] < 500;
      await (refused ? store.forget(project_id, scope) : store.release(project_id, scope)).catch(() => {});
      throw error;
    }
  };
