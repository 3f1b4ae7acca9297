import { newId } from '../../crypto/ids.ts';
import type { NewRequest } from '../../domain/approval/record.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

/** A request that a project without a policy holds, ready to be inserted. */
export const newRequest = (given: Partial<NewRequest> = {}): NewRequest => ({
  id: newId('req'),
  service: 's',
  action: 'a',
  priority: 'medium',
  payload: { secret: 'x' },
  salt: 'c2FsdA',
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
  payload_digest: DIGEST,
  policy_version: 0,
  policy_digest: DIGEST,
  accept_unsigned_signals: false,
  expires_in_ms: 60_000,
  ...given,
});
