import type { JWK } from 'jose';
import { isObject } from '../contracts/is-object.ts';

/** The member `revoked` of a key in a key set (OpenID Federation 1.0, 8.7.3). */
export interface KeyRevocation {
  /** ISO 8601; undefined if the key set does not say. */
  revoked_at?: string;
  reason?: string;
}

/** Undefined for a key without the member. Whatever else the member is, the key is revoked. */
export function revocationOf(key: JWK): KeyRevocation | undefined {
  const { revoked } = key as { revoked?: unknown };
  if (revoked === undefined) return undefined;
  const { revoked_at, reason } = isObject(revoked) ? revoked : {};
  const at = typeof revoked_at === 'number' ? new Date(revoked_at * 1_000) : undefined;
  return {
    ...(at && !Number.isNaN(at.getTime()) && { revoked_at: at.toISOString() }),
    ...(typeof reason === 'string' && { reason }),
  };
}

export const revocationSentence = (kid: string, { revoked_at, reason }: KeyRevocation): string =>
  `${kid} was revoked${revoked_at === undefined ? '' : ` on ${revoked_at}`}${reason === undefined ? '' : ` (${reason})`}: somebody else may have signed this, with any time in it`;
