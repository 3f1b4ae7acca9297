import { createHash } from 'node:crypto';
import pg from 'pg';
import { Policy } from '../../contracts/policy.ts';
import { newApiKey } from '../../crypto/api-key.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring, type Keyring, type Sealer } from '../../crypto/keyring.ts';
import type { RootKey } from '../../crypto/root-key.ts';
import { createSigner, type Signer } from '../../crypto/signing.ts';
import type { LedgerRecord, NewRequest, RequestRecord } from '../../domain/approval/record.ts';
import { policyDigest } from '../../domain/firewall/policy/policy-digest.ts';
import { statementOf } from '../../domain/receipt/statement.ts';
import { migrations } from '../../storage/db/migrate.ts';
import { currentIssuerKey } from '../../storage/keys/issuer-keys.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { newRequest } from './new-request.ts';

/** A database of the release before migration 0007, with its rows written as that release wrote them. */
export interface FormerDatabase extends TestDatabase {
  project_id: string;
  keyring: Keyring;
  /** Runs SQL as the owner, in the project. */
  sql(text: string, values?: unknown[]): Promise<Record<string, any>[]>;
  key(owner: string, role: 'agent' | 'approver' | 'admin', revoked?: boolean): Promise<{ id: string; api_key: string }>;
  policy(version: number, given?: object): Promise<void>;
  /** An open request. */
  request(given?: Partial<NewRequest>): Promise<RequestRecord>;
  decision(
    request: RequestRecord,
    given?: { type?: string; patched_digest?: string; screening?: string },
  ): Promise<string>;
  /** An answer of an Idempotency-Key; `answer` undefined: the attempt has not ended. */
  repeatable(key_id: string, key: string, reference: string, answer?: object): Promise<void>;
  /** Closes the request, with a receipt of this deployment. */
  close(request: RequestRecord, outcome?: Partial<LedgerRecord>): Promise<void>;
}

/** Applies the migrations before 0007. */
async function formerSchema(ownerUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query(`create table schema_migrations (
    version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`);
  for (const { version, name, sql, checksum } of (await migrations()).filter((one) => one.version < 7)) {
    await client.query(sql);
    await client.query('insert into schema_migrations values ($1, $2, $3)', [version, name, checksum]);
  }
  await client.end();
}

export async function formerDatabase(root: RootKey): Promise<FormerDatabase> {
  const db = await createDatabase({ migrated: false });
  await formerSchema(db.owner_url);
  const keyring = createKeyring(root, storedKeys(db.pool));
  const project_id = newId('prj');
  const client = new pg.Client({ connectionString: db.owner_url });
  await client.connect();
  await client.query("select set_config('app.project_id', $1, false)", [project_id]);
  let before: Promise<unknown> = Promise.resolve(); // a client takes one statement at a time
  const sql: FormerDatabase['sql'] = (text, values = []) => {
    const rows = before.then(async () => (await client.query(text, values)).rows);
    before = rows.catch(() => {});
    return rows;
  };
  const { root_key_id, wrapped_key } = keyring.wrapProjectKey(project_id);
  await sql('insert into projects values ($1, $2, $3, $4)', [project_id, 'acme', root_key_id, wrapped_key]);
  const sealer: Sealer = await keyring.sealer(project_id);
  const signer: Signer = await createSigner(await currentIssuerKey(db.pool, keyring));

  return {
    ...db,
    drop: async () => {
      await client.end();
      await db.drop();
    },
    project_id,
    keyring,
    sql,
    async key(owner, role, revoked = false) {
      const id = newId('key');
      const { api_key, secret_sha256 } = newApiKey(id, 'test');
      await sql(
        'insert into api_keys (id, project_id, name, owner, role, services, secret_sha256, revoked_at) values ($1, $2, $3, $4, $5, null, $6, $7)',
        [id, project_id, `${owner}'s`, owner, role, secret_sha256, revoked ? new Date() : null],
      );
      return { id, api_key };
    },
    async policy(version, given = {}) {
      const policy = Policy.parse(given);
      await sql(
        'insert into policies (project_id, version, digest, document, created_by, reason) values ($1, $2, $3, $4, $5, $6)',
        [project_id, version, policyDigest(policy), JSON.stringify(policy), 'ana', 'because'],
      );
    },
    async request(given = {}) {
      const { payload, salt, metadata, context, findings, expires_in_ms, ...terms } = newRequest(given);
      // With microseconds, as now() writes them.
      const [at] = await sql(
        `select clock_timestamp() as created_at, clock_timestamp() + $1 * interval '1 millisecond' as expires_at`,
        [expires_in_ms],
      );
      const row: Record<string, unknown> = { ...terms, project_id, status: 'pending' };
      row['sealed'] = await sealer.seal(['request', terms.id], { payload, salt, metadata, context, findings });
      Object.assign(row, at);
      const names = Object.keys(row);
      const values = names.map((_, i) => `$${i + 1}`);
      await sql(
        `insert into approval_requests (${names.join(', ')}) values (${values.join(', ')})`,
        Object.values(row),
      );
      const { sealed: _, ...record } = row;
      return { ...record, resolved_at: null } as unknown as RequestRecord;
    },
    async decision(request, { type = 'approve', patched_digest, screening } = {}) {
      const id = newId('dec');
      await sql(
        `insert into decisions (id, project_id, request_id, type, actor, channel, payload_digest, patched_digest, sealed, screening, screened_at)
         values ($1, $2, $3, $4, 'cfo', 'api', $5, $6, $7, $8::text, case when $8::text is null then null else now() end)`,
        [
          id,
          project_id,
          request.id,
          type,
          request.payload_digest,
          patched_digest ?? null,
          await sealer.seal(['decision', request.id, id], { reason: 'fine' }),
          screening ?? null,
        ],
      );
      return id;
    },
    async repeatable(key_id, key, reference, answer) {
      await sql(
        `insert into idempotency_keys (project_id, key_id, route, key_hash, body_hash, reference, locked_until, status, sealed_answer)
         values ($1, $2, 'keys', $3, $4, $5, now(), $6, $7)`,
        [
          project_id,
          key_id,
          createHash('sha256')
            .update(JSON.stringify([key]))
            .digest(),
          createHash('sha256').update('body').digest(),
          reference,
          answer ? 201 : null,
          answer ? await sealer.seal(['idempotent answer', 'keys', reference], answer) : null,
        ],
      );
    },
    async close(request, outcome = {}) {
      const row: Omit<LedgerRecord, 'receipt'> = {
        request_id: request.id,
        status: 'approved',
        cause: 'person',
        payload_digest: request.payload_digest,
        decision_id: null,
        actor: 'cfo',
        channel: 'api',
        verified: true,
        resolved_at: new Date(),
        ...outcome,
      };
      const all = { project_id, ...row, receipt: await signer.sign(statementOf(request, row)) };
      const names = Object.keys(all);
      await sql(
        `insert into ledger (${names.join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')})`,
        Object.values(all),
      );
      await sql('update approval_requests set status = $2, resolved_at = $3 where id = $1', [
        request.id,
        row.status,
        row.resolved_at,
      ]);
    },
  };
}
