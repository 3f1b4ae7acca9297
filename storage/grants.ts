/**
 * What the login of api and worker may do beyond reading, by table and column: what the code does, and no more. A second wall behind
 * MACs and seals: the attacker has the application's password, or injects SQL into one of its statements. The migrations grant
 * this; `test/storage/grants.test.ts` compares it with the database and tries what is not granted.
 */
export interface Granted {
  insert: boolean;
  update: readonly string[];
  delete: boolean;
}

const written = (...update: string[]): Granted => ({ insert: true, update, delete: false });
const erasable = (...update: string[]): Granted => ({ insert: true, update, delete: true });

export const GRANTED: Readonly<Record<string, Granted>> = {
  projects: written('root_key_id', 'wrapped_key'), // rotation of the root key
  issuer_keys: written('sealed'), // the same
  api_keys: written('last_used_at', 'revoked_at', 'revoked_mac', 'mac'),
  policies: written(),
  approval_requests: written(
    ...['status', 'resolved_at', 'workflow_started_at'],
    ...['sealed', 'payload_removed_at', 'payload_removed_mac'], // after the retention time, once: a trigger refuses the rest
  ),
  decisions: written(
    ...['screening', 'screened_at', 'sealed_screening', 'screening_mac'],
    ...['acknowledged_at', 'sent_back_at', 'sent_back_mac'],
    ...['sealed', 'payload_removed_at', 'mac'], // as above
  ),
  cancellations: written(),
  ledger: written(),
  claims: written('ended', 'ended_at', 'closed_as', 'closed_by', 'closed_at', 'mac'),
  incidents: written(),
  admin_acts: written(),
  deliveries: written('started_at', 'delivered_at', 'dead_at'),
  login_links: written('used_at', 'mac'),
  sessions: erasable(), // sign-out, and expired ones
  idempotency_keys: erasable('status', 'sealed_answer', 'locked_until'), // after 24 hours, or a refusal
  // Deleting a thread erases what is below.
  threads: erasable('fence', 'owner', 'attempt', 'lease_until'),
  checkpoints: erasable('parent_id', 'v', 'source', 'step', 'channel_versions', 'sealed', 'seen_fence'),
  checkpoint_values: erasable(),
  checkpoint_writes: erasable('task_path', 'channel', 'sealed'),
  thread_pauses: erasable(),
  thread_interrupts: erasable('resumed_at'),
  limit_usage: erasable('used', 'used_at'),
  schema_migrations: { insert: false, update: [], delete: false },
};
