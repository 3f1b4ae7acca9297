import { newId } from '../../crypto/ids.ts';
import type { NewRequest } from '../../domain/approval/record.ts';
import { payloadDigest, saltBytes } from '../../domain/digest.ts';

const SALT = 'c2FsdA'.padEnd(43, 'A');
const POLICY_DIGEST = `sha256:${'a'.repeat(64)}`;

/** A request that a project without a policy holds, ready to be inserted. */
export const newRequest = (given: Partial<NewRequest> = {}): NewRequest => {
  const { service = 's', action = 'a', payload = { secret: 'x' } } = given;
  return {
    id: newId('req'),
    service,
    action,
    priority: 'medium',
    payload,
    salt: SALT,
    metadata: {},
    context: {},
    findings: [],
    finding_ids: [],
    verdict: 'hold',
    held_by: 'policy',
    requested_by: 'o',
    key_id: 'key_x',
    thread_id: null,
    node: null,
    payload_digest: payloadDigest(saltBytes(SALT), { service, action, payload }),
    policy_version: 0,
    policy_digest: POLICY_DIGEST,
    accept_unsigned_signals: false,
    expires_in_ms: 60_000,
    ...given,
  };
};
