/**
 * What authenticates each table, for a reader who asks what a database writer without the root key can change. The test
 * `test/storage/tables.test.ts` compares both lists with the migrated database, and changes each covered column of a row.
 */
export interface AuthenticatedTable {
  /** What covers the columns, and where it is checked. */
  by: string;
  /** Columns that identify the row. A change of one removes the row; it does not become another row. */
  identified_by: readonly string[];
  /** A row in which one of these was changed is refused. */
  covered: readonly string[];
  /** Columns that a database writer may change, each with the reason why that grants nothing. */
  grants_nothing: Readonly<Record<string, string>>;
}

export const AUTHENTICATED: Readonly<Record<string, AuthenticatedTable>> = {
  api_keys: {
    by: 'a MAC, which that of the revocation replaces (access/api-keys.ts); a process that saw the revocation remembers it',
    identified_by: ['id', 'project_id'],
    covered: [
      ...['name', 'owner', 'role', 'services', 'secret_sha256', 'created_at', 'revoked_at', 'mac', 'revoked_mac'],
      ...['context_trust', 'expires_at', 'made_by', 'permissions'],
    ],
    grants_nothing: { last_used_at: 'shown to administrators' },
  },
  sessions: {
    by: 'a MAC (access/sessions.ts)',
    identified_by: ['token_sha256', 'project_id'],
    covered: ['owner', 'role', 'key_id', 'created_at', 'expires_at', 'mac'],
    grants_nothing: {},
  },
  login_links: {
    by: 'a MAC, which the use of the link erases (access/sessions.ts); a process that saw the use remembers it',
    identified_by: ['token_sha256', 'project_id'],
    covered: ['owner', 'role', 'expires_at', 'mac'],
    grants_nothing: { used_at: 'set, it refuses the link; cleared, the link has no MAC any more' },
  },
  policies: {
    by: 'a MAC that binds the one of the version before (approvals/policies.ts), and the digest of the document',
    identified_by: ['project_id', 'version'],
    covered: ['digest', 'document', 'created_by', 'created_at', 'reason', 'loosenings', 'mac'],
    grants_nothing: {},
  },
  approval_requests: {
    by: 'the context of its seal (approvals/request-seal.ts); the digest is recomputed from the sealed payload, or a MAC says that the payload was removed',
    identified_by: ['id', 'project_id'],
    covered: [
      'service',
      'action',
      'priority',
      'verdict',
      'held_by',
      'finding_ids',
      'requested_by',
      'key_id',
      'thread_id',
      'node',
      'payload_digest',
      'sealed',
      'policy_version',
      'policy_digest',
      'accept_unsigned_signals',
      'created_at',
      'expires_at',
      'payload_removed_at',
      'payload_removed_mac',
    ],
    grants_nothing: {
      status: 'a projection for lists and indexes: an outcome is read from the ledger, with its receipt',
      resolved_at: 'as status',
      workflow_started_at: 'null starts the workflow again, which compares its terms with the row',
    },
  },
  ledger: {
    by: 'its receipt, signed by a key that the root key seals (approvals/authentic-outcome.ts)',
    identified_by: ['request_id', 'project_id'],
    covered: [
      'status',
      'cause',
      'payload_digest',
      'decision_id',
      'actor',
      'channel',
      'verified',
      'resolved_at',
      'receipt',
    ],
    grants_nothing: {},
  },
  decisions: {
    by: 'three MACs: of the decision, of its screening, and of the mark that it was sent back, whose removal is a rollback (approvals/decisions.ts)',
    identified_by: ['id', 'project_id', 'request_id'],
    covered: [
      'type',
      'actor',
      'channel',
      'key_made_by',
      'payload_removed_at',
      'payload_digest',
      'patched_digest',
      'sealed',
      'created_at',
      'screening',
      'screened_at',
      'sent_back_at',
      'mac',
      'screening_mac',
      'sent_back_mac',
    ],
    grants_nothing: {
      sealed_screening: 'findings for the author, sealed under request and decision: it shows, and decides nothing',
      acknowledged_at:
        'when the watcher sends the decision again: a genuine decision of a person, which counts through any messenger',
    },
  },
  cancellations: {
    by: 'a MAC (approvals/cancellations.ts)',
    identified_by: ['request_id', 'project_id'],
    covered: ['cause', 'requested_by', 'created_at', 'mac'],
    grants_nothing: {},
  },
  claims: {
    by: 'a MAC, which its end and its closing replace (approvals/claims.ts); a process that has seen a later state refuses an earlier one',
    identified_by: ['request_id', 'project_id'],
    covered: [
      'attempt',
      'payload_digest',
      'claimed_by',
      'key_id',
      'token_sha256',
      'retryable',
      'claimed_at',
      'unknown_after',
      'ended',
      'ended_at',
      'closed_as',
      'closed_by',
      'closed_at',
      'mac',
    ],
    grants_nothing: {},
  },
  thread_interrupts: {
    by: 'a MAC; the links of an interrupt count only together (threads/interrupt-links.ts)',
    identified_by: ['project_id', 'thread_id', 'interrupt_id'],
    covered: ['position', 'total', 'graph', 'request_id', 'mac'],
    grants_nothing: {
      created_at: 'nothing reads it',
      resumed_at: 'set, it withholds an answer; cleared, it offers one that the sealed checkpoints have taken already',
    },
  },
  thread_pauses: {
    by: 'a MAC (threads/thread-pauses.ts)',
    identified_by: ['project_id', 'thread_id', 'pause_key'],
    covered: ['request_id', 'held', 'mac'],
    grants_nothing: { created_at: 'nothing reads it' },
  },
  idempotency_keys: {
    by: 'a MAC of key, route, body and reference, which are also the context of the sealed answer (access/idempotency.ts)',
    identified_by: ['project_id', 'key_id', 'route', 'key_hash'],
    covered: ['reference', 'sealed_answer', 'mac'],
    grants_nothing: {
      body_hash: 'another value refuses the repeat: 422, another body',
      status: 'null hides the answer until the lock ends; the answer carries its own status, sealed',
      locked_until: 'an earlier time lets two attempts run at once, under one reference, so as one record',
      created_at: 'an earlier time frees the key, as deleting the row does',
    },
  },
  threads: {
    by: 'the key, wrapped for this project and thread; thread_key is a keyed hash of thread_id (threads/threads.ts)',
    identified_by: ['project_id', 'thread_id', 'thread_key'],
    covered: ['wrapped_key'],
    grants_nothing: {
      fence: 'an older fence lets two workers continue a thread at once: each effect may run twice, as after a crash',
      owner: 'as fence',
      attempt: 'as fence',
      lease_until: 'as fence',
      created_at: 'nothing reads it',
    },
  },
  checkpoints: {
    by: 'the context of its seal (threads/checkpoint-seals.ts)',
    identified_by: ['project_id', 'thread_id', 'checkpoint_ns', 'checkpoint_id'],
    covered: ['parent_id', 'v', 'source', 'step', 'channel_versions', 'sealed'],
    grants_nothing: { seen_fence: 'how long a resume waits for the run that wrote it; as threads.fence' },
  },
  checkpoint_values: {
    by: 'the context of its seal (threads/checkpoint-seals.ts)',
    identified_by: ['project_id', 'thread_id', 'checkpoint_ns', 'channel', 'version'],
    covered: ['sealed'],
    grants_nothing: {},
  },
  checkpoint_writes: {
    by: 'the context of its seal (threads/checkpoint-seals.ts)',
    identified_by: ['project_id', 'thread_id', 'checkpoint_ns', 'checkpoint_id'],
    covered: ['task_id', 'idx', 'task_path', 'channel', 'sealed'],
    grants_nothing: {},
  },
  admin_acts: {
    by: 'a chain of MACs, whose head every process remembers, and an anchor file outside the database (acts/)',
    identified_by: ['project_id', 'number'],
    covered: ['epoch', 'kind', 'subject', 'actor', 'details', 'created_at', 'previous_mac', 'mac'],
    grants_nothing: {},
  },
  projects: {
    by: 'the key, wrapped by the root key for this project (crypto/keyring.ts)',
    identified_by: ['id'],
    covered: ['root_key_id', 'wrapped_key'],
    grants_nothing: { name: 'shown to operators', created_at: 'the order in a list for operators' },
  },
  issuer_keys: {
    by: 'the private key and its state, sealed by the root key for this kid (crypto/keyring.ts); a revocation is an act of every project (keys/revoked-keys.ts)',
    identified_by: ['kid'],
    covered: ['sealed'],
    grants_nothing: {
      public_jwk: 'nothing reads it: the public key is derived from the sealed one',
      created_at: 'which of our own keys signs',
      retired_at: 'nothing reads it: what was retired or revoked is sealed',
    },
  },
};

/** Tables that nothing authenticates, each with the reason. */
export const NEED_NOT_BE: Readonly<Record<string, string>> = {
  deliveries:
    'An outbox row says that there is something to look at: the receiver reads links and outcomes, which are authenticated. A forged row wakes a thread for nothing, and a removed one delays it.',
  incidents:
    'Alarms for people: no rule reads them. A forged one alarms for nothing, and a removed one was logged by the process that raised it.',
  limit_usage:
    'Counters of the limits. Lower ones let each process use its whole limit by itself; higher ones refuse calls, which is denial.',
  schema_migrations:
    'The application cannot write it, and its owner can change every table. A wrong row stops every process at its start.',
};
