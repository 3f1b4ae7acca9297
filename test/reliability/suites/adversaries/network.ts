import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { LetsPing, LetsPingError } from '../../../../client/index.ts';
import type { JsonObject } from '../../../../contracts/json.ts';
import { payloadDigest, saltBytes } from '../../../../domain/digest.ts';
import { verifyReceipt } from '../../../../receipts/index.ts';
import { tcpProxy } from '../../../faults/tcp-proxy.ts';
import { pause, pooled, type Suite, shuffled } from '../../suite.ts';
import { Attempts, adversaryRig, attacked } from './attempts.ts';
import { watchLiveness } from './liveness.ts';
import { exchanged } from './raw-sockets.ts';
import { FRAMINGS, hidden, smuggle } from './smuggling.ts';

const REPEATS = 5;
/** A server that waits for more bytes is given up after seconds. */
const AT_ONCE = 12;

/**
 * Sits between the parties and has no key: sends what two parsers read differently, repeats what it saw, cuts and delays connections,
 * answers under another name (DNS rebinding), acts from another site in the approver's browser, and alters answers.
 */
export const networkProgram: Suite = {
  name: 'adversaries: network',
  isSeeded: true,
  promises: ['one resolution', 'approved bytes', 'bounded cost', 'not lost'],
  async run({ form, random, say, cell }, count) {
    const rig = await adversaryRig(say);
    const on = new Attempts(rig, count);
    const pid = rig.api.pid;
    const isWhole = form === 'whole';
    try {
      const steps: Record<string, () => Promise<void>> = {
        smuggling: () => smuggling(on, isWhole ? FRAMINGS : shuffled(FRAMINGS, random).slice(0, 20)),
        repeats: () => repeats(on),
        cuts: () => cuts(on, isWhole ? [0, 1, 20, 100, 200, 300, 400, 500, 600, 700] : [0, 300]),
        'slow connections': () => slow(on, isWhole ? 500 : 100, isWhole ? 12_000 : 2_000),
        'other sites': () => otherSites(on),
        'altered answers': () => altered(on),
      };
      const liveness = await watchLiveness(rig);
      await attacked(on, steps, say, cell).finally(() => liveness.end('the network', count, form));
      count.check(rig.api.pid === pid, () => 'the api ended');
      await on.honest('network', await on.held());
      await on.judged();
      count.note(on.summary());
    } finally {
      await rig.stop();
    }
  },
};

const portOf = ({ rig }: Attempts): number => Number(new URL(rig.url).port);
const opened = async ({ rig }: Attempts, service: string): Promise<number> =>
  (await rig.sql('select 1 from approval_requests where service = $1', [service])).length;

/** A request hidden in the body of another one is never run. The control: the same bytes after an honest request are. */
async function smuggling(on: Attempts, framings: typeof FRAMINGS): Promise<void> {
  const authorization = `Bearer ${on.rig.agent_api_key}`;
  const honest = `GET /livez HTTP/1.1\r\nHost: x\r\n\r\n${hidden(authorization, 'smuggled-control')}`;
  await exchanged(portOf(on), [Buffer.from(honest)], 'stay');
  on.count.check((await opened(on, 'smuggled-control')) === 1, () => 'a second request of a connection did not run');
  await pooled(framings, AT_ONCE, async (framing, at) => {
    const service = `smuggled-${at}`;
    const answers = await smuggle(portOf(on), authorization, framing, service);
    on.tried('ambiguous framing');
    const run = await opened(on, service);
    on.count.check(run === 0, () => `${framing.name}: the hidden request ran: ${answers.slice(0, 200)}`);
    on.count.check(!/^HTTP\/1\.1 5/m.test(answers), () => `${framing.name}: ${answers.slice(0, 200)}`);
  });
}

/** The bytes of a call, as they were seen once. */
const bytesOf = (path: string, key: string, body: object, headers: Record<string, string> = {}): Buffer => {
  const json = JSON.stringify(body);
  const lines = Object.entries({
    Host: 'x',
    Authorization: `Bearer ${key}`,
    'Content-Type': 'application/json',
    'Content-Length': String(json.length),
    Connection: 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from([`POST ${path} HTTP/1.1`, ...lines, '', json].join('\r\n'));
};

/** Calls that were seen are sent again, at once and later: each has one effect. */
async function repeats(on: Attempts): Promise<void> {
  const { rig, count } = on;
  const again = async (bytes: Buffer): Promise<string[]> => {
    const first = (await exchanged(portOf(on), [bytes], 'stay')).toString();
    const others = await Promise.all(Array.from({ length: REPEATS }, () => exchanged(portOf(on), [bytes], 'stay')));
    on.tried('repeated call', REPEATS);
    return [first, ...others.map(String)];
  };
  const service = `repeated-${randomBytes(4).toString('hex')}`;
  const action = { service, action: 'refund', payload: { amount: 1 } };
  const key = { 'Idempotency-Key': randomBytes(8).toString('hex') };
  await again(bytesOf('/api/ingest', rig.agent_api_key, action, key));
  count.check((await opened(on, service)) === 1, () => 'a repeated ingest opened another request');

  const held = await on.held();
  const decision = { type: 'approve', payload_digest: held.payload_digest };
  await again(bytesOf(`/api/approval-requests/${held.id}/decisions`, rig.approver_api_key, decision));
  const ledger = await rig.sql('select receipt from ledger where request_id = $1', [held.id]);
  count.check(ledger.length === 1, () => `a repeated decision has ${ledger.length} rows of the ledger`);

  const report = { payload_digest: held.payload_digest };
  const reported = await again(bytesOf(`/api/approval-requests/${held.id}/executed`, rig.agent_api_key, report));
  const accepted = reported.filter((answer) => /^HTTP\/1\.1 2/.test(answer)).length;
  count.check(accepted === 1, () => `a repeated report was accepted ${accepted} times`);

  const cancelled = await on.held();
  await again(bytesOf(`/api/approval-requests/${cancelled.id}/cancel`, rig.agent_api_key, {}));
  await on.settled('a repeated cancellation', cancelled, 'cancelled');

  const form = new URLSearchParams({ api_key: rig.approver_api_key }).toString();
  const session = /set-cookie: ((?:__Host-)?letsping=[\w-]{43})/i.exec(
    (
      await exchanged(
        portOf(on),
        [
          Buffer.from(
            `POST /login HTTP/1.1\r\nHost: ${new URL(rig.url).host}\r\nOrigin: ${rig.url}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\nConnection: close\r\n\r\n${form}`,
          ),
        ],
        'stay',
      )
    ).toString(),
  )?.[1];
  count.check(session !== undefined, () => 'an approver could not sign in');
  const page = (cookie: string) => fetch(`${rig.url}/`, { headers: { cookie }, redirect: 'manual' });
  await fetch(`${rig.url}/logout`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: session ?? '', origin: rig.url },
  });
  on.tried('repeated session');
  count.check((await page(session ?? '')).status === 401, () => 'a session that ended opens the page');
}

/** The client's calls survive a connection that ends anywhere in an answer: one request, and one effect. */
async function cuts(on: Attempts, places: readonly number[]): Promise<void> {
  const { rig, count } = on;
  const proxy = await tcpProxy({ port: portOf(on) });
  const lp = new LetsPing(rig.agent_api_key, { baseUrl: `http://127.0.0.1:${proxy.port}` });
  try {
    for (const bytes of places) {
      const service = 'auto';
      const marker = randomBytes(6).toString('hex');
      let effects = 0;
      proxy.cutAfter(bytes);
      await lp.run({ service, action: 'read', payload: { marker } }, () => {
        effects += 1;
        proxy.cutAfter(bytes); // the report's answer
      });
      on.tried('cut answer', 2);
      count.check(effects === 1, () => `an answer that was cut after ${bytes} bytes: ${effects} effects`);
    }
  } finally {
    await proxy.stop();
  }
}

/** Connections that send one byte at a time delay nobody, and are closed. */
async function slow(on: Attempts, connections: number, ms: number): Promise<void> {
  const { rig, count } = on;
  const bytes = bytesOf('/api/ingest', rig.agent_api_key, { service: 'auto', action: 'read', payload: { page: 1 } });
  const sockets: Socket[] = Array.from({ length: connections }, () => {
    const socket = connect({ port: portOf(on), host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.on('data', () => {});
    return socket;
  });
  let at = 0;
  const dripping = setInterval(() => {
    for (const socket of sockets) if (!socket.destroyed) socket.write(bytes.subarray(at, at + 1));
    at += 1;
  }, 200);
  on.tried('slow connection', connections);
  const end = Date.now() + ms;
  let answered = 0;
  while (Date.now() < end) {
    const answer = await rig.call(rig.agent_api_key, 'POST', '/api/ingest', {
      service: 'auto',
      action: 'read',
      payload: { page: 1 },
    });
    count.check(answer.status === 201, () => `beside slow connections an honest call was answered ${answer.status}`);
    answered += 1;
    await pause(50);
  }
  clearInterval(dripping);
  const open = sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
  // Headers may take 10 s.
  if (ms > 11_500) count.check(open === 0, () => `${open} of ${connections} slow connections are still open`);
  count.note(`${answered} honest calls beside ${connections} slow connections`);
  for (const socket of sockets) socket.destroy();
}

/** Another site, or a name that leads here, acts with the session of a person who is signed in. */
async function otherSites(on: Attempts): Promise<void> {
  const { rig, count } = on;
  const signedIn = await fetch(`${rig.url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: rig.url },
    body: new URLSearchParams({ api_key: rig.approver_api_key }),
  });
  const cookie = signedIn.headers.getSetCookie()[0]!.split(';')[0]!;
  const target = await on.held();
  const decision = { type: 'approve', payload_digest: target.payload_digest };
  const form = new URLSearchParams(decision).toString();
  const json = JSON.stringify(decision);
  const origins: Record<string, string>[] = [
    {},
    { Origin: 'null' },
    { Origin: 'http://evil.example' },
    { Origin: `${rig.url}.evil.example` },
    { Origin: rig.url.replace('http:', 'https:') },
    { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' },
    { Origin: 'http://evil.example', 'Sec-Fetch-Site': 'same-origin' },
    { Referer: `${rig.url}/` },
  ];
  const raw = async (path: string, host: string, headers: Record<string, string>, type: string, body: string) => {
    const lines = Object.entries({
      Host: host,
      Cookie: cookie,
      'Content-Type': type,
      'Content-Length': String(body.length),
      Connection: 'close',
      ...headers,
    }).map(([name, value]) => `${name}: ${value}`);
    const bytes = Buffer.from([`POST ${path} HTTP/1.1`, ...lines, '', body].join('\r\n'));
    on.tried('another site');
    return (await exchanged(portOf(on), [bytes], 'stay')).toString();
  };
  const { host } = new URL(rig.url);
  for (const [path, type, body] of [
    [`/requests/${target.id}/decision`, 'application/x-www-form-urlencoded', form],
    [`/api/approval-requests/${target.id}/decisions`, 'application/json', json],
    [`/api/approval-requests/${target.id}/decisions`, 'text/plain', json],
    ['/api/keys', 'application/json', JSON.stringify({ name: 'x', owner: 'x', role: 'approver' })],
    ['/logout', 'application/x-www-form-urlencoded', 'x=1'],
  ] as const) {
    for (const headers of origins) {
      const answer = await raw(path, host, headers, type, body);
      count.check(/^HTTP\/1\.1 4/.test(answer), () => `${path} ${JSON.stringify(headers)}: ${answer.slice(0, 100)}`);
    }
    for (const name of ['rebound.example', `rebound.example:${portOf(on)}`, '0.0.0.0', `127.0.0.1.nip.example`]) {
      const answer = await raw(path, name, { Origin: `http://${name}` }, type, body);
      count.check(/^HTTP\/1\.1 4/.test(answer), () => `${path} under ${name}: ${answer.slice(0, 100)}`);
    }
  }
  await on.pending('another site', target);
  const read = await fetch(`${rig.url}/api/approval-requests`, { headers: { cookie, origin: 'http://evil.example' } });
  const readable = read.headers.get('access-control-allow-origin');
  count.check(readable === null, () => `another site may read answers: ${readable}`);
}

type StatusBody = Record<string, any>;

/** What a client must refuse in an answer that the network altered. A verdict that no payload contradicts needs TLS, or `verifyReceipt`. */
async function altered(on: Attempts): Promise<void> {
  const { rig, count } = on;
  let alter: (body: StatusBody) => StatusBody = (body) => body;
  const proxy = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = req.headers;
    const answer = await fetch(`${rig.url}${req.url}`, {
      method: req.method!,
      headers: headers as Record<string, string>,
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    const text = await answer.text();
    const isStatus = req.url!.includes('/status/') && answer.status === 200;
    res.writeHead(answer.status, { 'content-type': 'application/json' });
    res.end(isStatus ? JSON.stringify(alter(JSON.parse(text))) : text);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const lp = new LetsPing(rig.agent_api_key, {
    baseUrl: `http://127.0.0.1:${(proxy.address() as { port: number }).port}`,
  });
  const payload = { amount: 10, to: 'a' };
  const other = { amount: 10_000, to: 'evil' };
  const digest = (body: StatusBody, of: JsonObject) =>
    payloadDigest(saltBytes(body['digest_salt']), { service: body['service'], action: body['action'], payload: of });
  const ALTERED: Record<string, (body: StatusBody) => StatusBody> = {
    'another payload': (body) => ({ ...body, payload: other }),
    'another payload with its digest': (body) => ({ ...body, payload: other, payload_digest: digest(body, other) }),
    'another payload with its digest, and no receipt': ({ receipt: _receipt, ...body }) => ({
      ...body,
      payload: other,
      payload_digest: digest(body, other),
    }),
    'a patch that nobody made': (body) => ({ ...body, patched_payload: other }),
    'a patch with its digest': (body) => ({
      ...body,
      patched_payload: other,
      payload_digest: digest(body, other),
      outcome: { ...body['outcome'], modified: true },
    }),
    'another digest': (body) => ({ ...body, payload_digest: `sha256:${'0'.repeat(64)}` }),
    'another salt': (body) => ({ ...body, digest_salt: randomBytes(32).toString('base64url') }),
    'no outcome': (body) => ({ ...body, outcome: null }),
    'a status of its own': (body) => ({ ...body, status: 'ALLOWED' }),
    'a receipt of another payload': (body) => ({
      ...body,
      receipt: `e30.${Buffer.from(JSON.stringify({ predicate: { executed: { payload_digest: 'x' } } })).toString('base64url')}.eA`,
    }),
  };
  try {
    for (const [name, change] of Object.entries(ALTERED)) {
      const target = await on.held({ payload });
      await on.honest(name, target);
      alter = change;
      const requested = { service: 'billing-agent', action: 'refund', payload };
      const decided = await lp.getStatus(target.id).then(
        (answer) => {
          try {
            return lp.decisionOf(answer, requested);
          } catch (error) {
            return error;
          }
        },
        (error: unknown) => error,
      );
      alter = (body) => body;
      on.tried('altered answer');
      count.check(decided instanceof LetsPingError, () => `${name}: the client took ${JSON.stringify(decided)}`);
    }
    const target = await on.held({ payload });
    await on.honest('an unaltered answer', target);
    const decision = await lp.waitForDecision(target.id);
    const { keys } = (await rig.call('', 'GET', '/.well-known/jwks.json')).body;
    const flip = (jws: string) => {
      const [head, body, signature] = jws.split('.') as [string, string, string];
      const statement = Buffer.from(body, 'base64url').toString().replace('"approved"', '"rejected"');
      return `${head}.${Buffer.from(statement).toString('base64url')}.${signature}`;
    };
    for (const [name, jws, holds] of [
      ['an honest receipt', decision.receipt!, true],
      ['an altered receipt', flip(decision.receipt!), false],
    ] as const) {
      const { valid } = await verifyReceipt(jws, keys);
      count.check(valid === holds, () => `verifyReceipt says ${valid} of ${name}`);
    }
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
}
