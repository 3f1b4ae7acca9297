import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { started } from '../helpers/started.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

/** Planted in every text that an agent or a person can write; must not be found in plain text. */
const CANARY = 'c4nary-7f3e-';
let planted = 0;
const canary = () => `${CANARY}${planted++}`;

let system: TestSystem;
beforeAll(async () => {
  system = await createSystem({ policy: { accept_unsigned_signals: true, allowed_domains: ['yourco.com'] } });
  await system.startWorker();
});
afterAll(() => system.stop());

/** Every payload of a history, decoded: they are base64, in which a search would find nothing. */
function decoded(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (Array.isArray(value)) return value.map(decoded).join('\n');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([key, inner]) => `${key}=${decoded(inner)}`)
      .join('\n');
  return String(value);
}

async function everyRow(): Promise<string> {
  const client = new pg.Client({ connectionString: system.database.owner_url });
  await client.connect();
  const { rows: tables } = await client.query<{ name: string }>(
    "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string; bytes: string }>(
      `select t::text as row, encode(convert_to(t::text, 'utf8'), 'escape') as bytes from "${name}" t`,
    );
    for (const { row } of rows) {
      texts.push(row);
      // bytea columns print as hex, so their bytes are searched too.
      for (const hex of row.matchAll(/\\\\?x([0-9a-f]{8,})/g))
        texts.push(Buffer.from(hex[1]!, 'hex').toString('latin1'));
    }
  }
  await client.end();
  return texts.join('\n');
}

test('no plaintext of payload, patch, reason or context is in a history or in any table', async () => {
  const open = async (extra: object = {}) =>
    (
      await system.call(
        system.agent_api_key,
        'POST',
        '/api/ingest',
        {
          service: 'crm',
          action: 'send',
          payload: {
            text: canary(),
            [canary()]: 1,
            to: `${canary()}@yourco.com`,
            webhook_urls: [`https://${canary()}.evil.example/${canary()}`],
          },
          metadata: { trace_id: canary(), environment: canary() },
          schema: { type: 'object', title: canary() },
          ...extra,
        },
        { 'idempotency-key': canary() },
      )
    ).body as { id: string; payload_digest: string; digest_salt: string };
  const decide = (id: string, body: object) =>
    system.call(system.approver_api_key, 'POST', `/api/approval-requests/${id}/decisions`, body);

  const [patched, rejected, refused, signalled] = [await open(), await open(), await open(), await open()];
  expect(
    (
      await decide(patched.id, {
        type: 'patch',
        patched_payload: { text: canary() },
        payload_digest: patched.payload_digest,
      })
    ).status,
  ).toBe(201);
  expect(
    (await decide(rejected.id, { type: 'reject', reason: canary(), payload_digest: rejected.payload_digest })).status,
  ).toBe(201);
  expect(
    (
      await decide(refused.id, {
        type: 'patch',
        patched_payload: { url: 'http://169.254.169.254/', note: canary() },
        payload_digest: refused.payload_digest,
      })
    ).status,
  ).toBe(422);
  await started(system.temporal, signalled.id);
  await system.temporal.workflow
    .getHandle(`approval/${signalled.id}`)
    .signal('decide', { type: 'approve', actor: 'bot', payload_digest: signalled.payload_digest });

  const histories = await Promise.all(
    [patched, rejected, refused, signalled].map(async ({ id }) =>
      decoded(await system.temporal.workflow.getHandle(`approval/${id}`).fetchHistory()),
    ),
  );
  expect(histories.join('\n')).toContain(patched.payload_digest);
  const rows = await everyRow();
  expect(rows).toContain(patched.id);
  for (const [where, text] of [
    ['history', histories.join('\n')],
    ['database', rows],
  ] as const) {
    const at = text.indexOf(CANARY);
    expect(at === -1 ? '' : text.slice(Math.max(0, at - 80), at + 80), where).toBe('');
    expect(text, where).not.toContain('evil.example');
    expect(text, where).not.toContain(patched.digest_salt);
    for (const key of [system.agent_api_key, system.approver_api_key])
      expect(text, where).not.toContain(key.slice(35, 78));
  }
});
