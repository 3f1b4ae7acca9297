import { eventStream } from '../../../faults/event-stream.ts';
import { openedLink } from '../../../helpers/opened-link.ts';
import { numbers, pause, type Suite } from '../../suite.ts';
import { Attempts, adversaryRig, attacked } from './attempts.ts';
import { comparisons } from './comparison-times.ts';
import { type Attacker, attackers, CLAIM, type Target, target } from './foreign-objects.ts';
import type { OpenApi } from './hostile-requests.ts';
import { Dice, Shapes } from './hostile-values.ts';
import { watchLiveness } from './liveness.ts';

/**
 * Has every key of another project, and in the attacked project the key of an agent of another owner and one of the same owner for
 * other services. Tries each documented route on each object of the attacked project, the page, the event stream, cursors,
 * Idempotency-Keys and sign-in links. Each answer is the one for an object that does not exist, and nothing is written.
 */
export const hostileApproverProgram: Suite = {
  name: 'adversaries: hostile approver',
  isSeeded: true,
  promises: ['separate projects', 'one resolution', 'nothing readable'],
  async run({ form, seed, say, cell }, count) {
    const rig = await adversaryRig(say);
    const on = new Attempts(rig, count);
    const isWhole = form === 'whole';
    try {
      const at = await target(on);
      const all = await attackers(on);
      const streams = await Promise.all(all.map(({ key }) => eventStream(rig.url, key)));
      const steps: Record<string, () => Promise<void>> = {
        'objects by id': () => byId(on, at, all, seed, isWhole ? 20 : 8),
        'lists and writes': () => lists(on, at, all, seed, isWhole ? 20 : 2),
        'the page': () => page(on, at, all),
        'repeated calls': () => repeatedCalls(on, all),
        'sign-in links': () => links(on, all, isWhole ? 500 : 50),
        'comparison times': () => comparisons(on, isWhole ? 50_000 : 2_000),
      };
      const liveness = await watchLiveness(rig);
      await attacked(on, steps, say, cell).finally(() => liveness.end('a hostile approver', count, form));
      // An honest event, which they would hear.
      await on.honest('hostile approver', at.pending);
      await pause(500);
      for (const [index, { events }] of streams.entries()) {
        const heard = events.filter(({ request_id }) => at.request_ids.includes(request_id));
        count.check(heard.length === 0, () => `${all[index]!.name} heard ${JSON.stringify(heard.slice(0, 3))}`);
        streams[index]!.stop();
      }
      await on.judged();
      count.note(on.summary());
    } finally {
      await rig.stop();
    }
  },
};

/** What is left of an answer when ids of requests and errors are taken out: it may differ in these alone. */
const essence = (text: string, ...ids: string[]): string =>
  ids
    .reduce((rest, id) => rest.replaceAll(id, '…'), text)
    .replaceAll(/"instance":"[^"]*"/g, '"instance":"…"')
    .replaceAll(/ \d+ (?:seconds?|minutes?) ago/g, '');

/** Everything stored of the attacked project, but for when its keys were used. */
async function stored({ rig }: Attempts): Promise<Record<string, string>> {
  const tables = await rig.sql(
    `select table_name as name from information_schema.columns
     where table_schema = 'public' and column_name = 'project_id' order by 1`,
  );
  const sums: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await rig.sql(
      `select md5(coalesce(string_agg(line, ',' order by line), '')) as sum
       from (select (to_jsonb(t) - 'last_used_at')::text as line from ${name} t where project_id = $1) rows`,
      [rig.project_id],
    );
    sums[name] = row.sum;
  }
  return sums;
}

async function unchanged(on: Attempts, what: string, before: Record<string, string>): Promise<void> {
  const after = await stored(on);
  const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
  on.count.check(changed.length === 0, () => `${what}: rows of ${changed.join(', ')} were changed`);
}

const documentOf = async ({ rig }: Attempts): Promise<OpenApi> => (await rig.call('', 'GET', '/api/openapi.json')).body;

/** Each operation on each object, by each attacker, beside the same call on an id that nobody has. */
async function byId(on: Attempts, at: Target, all: Attacker[], seed: number, rounds: number): Promise<void> {
  const { rig, count } = on;
  const document = await documentOf(on);
  const shapes = new Shapes(document.components.schemas);
  shapes.digest = at.pending.payload_digest;
  const before = await stored(on);
  const found = new Map<string, number>();
  let calls = 0;
  for (const [path, methods] of Object.entries(document.paths)) {
    if (!path.includes('{')) continue;
    const kind = at.kindOf(path);
    if (!kind) {
      count.fail(`no object is known for ${path}: add its kind to foreign-objects.ts`);
      continue;
    }
    for (const [method, operation] of Object.entries(methods))
      for (const attacker of all)
        for (let round = 0; round < rounds; round++) {
          const dice = new Dice(numbers(seed * 1_000_003 + calls));
          const schema = operation.requestBody?.content['application/json']?.schema;
          const body = schema ? shapes.of(schema, dice, 0) : method === 'post' ? {} : undefined;
          const id = dice.pick(attacker.mayBeTold(kind));
          const call = (named: string) =>
            rig.call(attacker.key, method.toUpperCase(), path.replace(/\{\w+\}/, named), body, CLAIM);
          const [real, absent] = [await call(id), await call(kind.absent)];
          calls += 1;
          const what = `${attacker.name} ${method} ${path}`;
          found.set(`${what} ${real.status}`, (found.get(`${what} ${real.status}`) ?? 0) + 1);
          count.check(
            real.status === absent.status && essence(real.text, id) === essence(absent.text, kind.absent),
            () =>
              `${what}: ${real.status} ${real.text.slice(0, 200)}, and for no object ${absent.status} ${absent.text.slice(0, 200)}`,
          );
          count.check(real.status >= 400 && real.status < 500, () => `${what}: ${real.status} (${id})`);
          const told = at.secrets.find((text) => text !== id && real.text.includes(text));
          count.check(told === undefined, () => `${what} tells ${told}`);
        }
  }
  // A route that refuses every body before it looks would show nothing here.
  for (const [path, methods] of Object.entries(document.paths))
    for (const method of Object.keys(path.includes('{') ? methods : {}))
      count.check(
        all.some(({ name }) => found.has(`${name} ${method} ${path} 404`)),
        () => `nobody got as far as 404 on ${method} ${path}`,
      );
  on.tried('object by its id', calls);
  await unchanged(on, 'objects by id', before);
}

/** Operations without an id: with the attacked project's cursor, thread and service, they answer nothing of it. */
async function lists(on: Attempts, at: Target, all: Attacker[], seed: number, rounds: number): Promise<void> {
  const { rig, count } = on;
  const document = await documentOf(on);
  const shapes = new Shapes(document.components.schemas);
  shapes.digest = at.pending.payload_digest;
  const before = await stored(on);
  const narrow: Record<string, string> = {
    cursor: at.cursor,
    thread_id: at.thread_id,
    service: 'billing-agent',
    reason: 'x',
  };
  let calls = 0;
  for (const [path, methods] of Object.entries(document.paths)) {
    if (path.includes('{') || path.endsWith('/events')) continue;
    for (const [method, operation] of Object.entries(methods))
      for (const attacker of all)
        for (let round = 0; round < rounds; round++) {
          // An agent of the project may write in it.
          if (method !== 'get' && !attacker.isForeign) continue;
          const dice = new Dice(numbers(seed * 1_000_033 + calls));
          const names = (operation.parameters ?? []).filter(
            ({ in: where, name }) => where === 'query' && name in narrow,
          );
          const query = names
            .filter(() => dice.chance(0.7))
            .map(({ name }) => `${name}=${encodeURIComponent(narrow[name]!)}`);
          const schema = operation.requestBody?.content['application/json']?.schema;
          const body = schema ? shapes.of(schema, dice, 0) : method === 'post' ? {} : undefined;
          const answer = await rig.call(
            attacker.key,
            method.toUpperCase(),
            `${path}${query.length > 0 ? `?${query.join('&')}` : ''}`,
            body,
          );
          calls += 1;
          const told = attacker
            .secretTo(at)
            .find((text) => answer.text.includes(text) && !JSON.stringify(body ?? '').includes(text));
          count.check(
            answer.status < 500 && told === undefined,
            () => `${attacker.name} ${method} ${path}?${query.join('&')}: ${answer.status}, tells ${told}`,
          );
        }
  }
  on.tried('list or write', calls);
  await unchanged(on, 'lists and writes', before);
}

/** The page, as the approver of the other project. */
async function page(on: Attempts, at: Target, all: Attacker[]): Promise<void> {
  const { rig, count } = on;
  const login = await fetch(`${rig.url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: rig.url },
    body: new URLSearchParams({ api_key: all.find(({ name }) => name === 'foreign approver')!.key }),
  });
  const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  count.check(login.status === 303, () => `the foreign approver signs in with ${login.status}`);
  const send = async (path: string, fields?: Record<string, string>) => {
    const answer = await fetch(`${rig.url}${path}`, {
      redirect: 'manual',
      headers: { cookie, ...(fields && { origin: rig.url }) },
      ...(fields && { method: 'POST', body: new URLSearchParams(fields) }),
    });
    on.tried('page');
    return { status: answer.status, text: await answer.text() };
  };
  const before = await stored(on);
  const { payload_digest } = at.pending;
  const requests = at.kindOf('/api/approval-requests/{id}')!;
  const sessions = at.kindOf('/api/sessions/{id}')!;
  for (const [path, kind, fields] of [
    ['/requests/{id}', requests, undefined],
    ['/requests/{id}?recorded=dec_1', requests, undefined],
    ['/requests/{id}/decision', requests, { type: 'approve', payload_digest }],
    ['/requests/{id}/decision', requests, { type: 'reject', payload_digest, reason: 'x' }],
    ['/requests/{id}/decision', requests, { type: 'patch', payload_digest, patched_payload: '{"amount":1}' }],
    ['/requests/{id}/preview', requests, { patched_payload: '{"amount":1}' }],
    ['/sessions/{id}/end', sessions, {}],
  ] as const)
    for (const id of kind.ids) {
      const [real, absent] = [
        await send(path.replace('{id}', id), fields),
        await send(path.replace('{id}', kind.absent), fields),
      ];
      const told = at.secrets.find((text) => text !== id && real.text.includes(text));
      count.check(
        real.status === 404 &&
          absent.status === 404 &&
          told === undefined &&
          essence(real.text, id) === essence(absent.text, kind.absent),
        () => `page ${path}: ${real.status}, for no object ${absent.status}, tells ${told}`,
      );
    }
  for (const path of [
    '/',
    '/requests',
    `/?cursor=${at.cursor}`,
    '/sessions',
    '/api/approval-requests',
    '/api/sessions',
  ]) {
    const { status, text } = await send(path);
    const told = at.secrets.find((secret) => text.includes(secret));
    count.check(status < 500 && told === undefined, () => `page ${path}: ${status}, tells ${told}`);
  }
  await unchanged(on, 'the page', before);
}

/** An `Idempotency-Key` of an honest call, sent by the others: each gets an answer of their own. */
async function repeatedCalls(on: Attempts, all: Attacker[]): Promise<void> {
  const { rig, count } = on;
  const headers = { 'idempotency-key': 'honest-call' };
  const body = { service: 'billing-agent', action: 'refund', payload: { amount: 7 } };
  const honest = await rig.call(rig.agent_api_key, 'POST', '/api/ingest', body, headers);
  on.ids.push(honest.body.id);
  for (const { key, name, owns } of all.filter(({ role }) => role === 'agent')) {
    const answer = await rig.call(key, 'POST', '/api/ingest', body, headers);
    on.tried('repeated call of somebody else');
    if (owns && answer.status === 201) on.ids.push(answer.body.id);
    count.check(
      answer.text.includes(honest.body.id) === false && answer.headers.get('idempotency-replayed') === null,
      () => `${name} got the answer of somebody else: ${answer.text.slice(0, 200)}`,
    );
  }
  const made = await rig.call(
    rig.admin_api_key,
    'POST',
    '/api/keys',
    { name: 'x', owner: 'once', role: 'agent' },
    headers,
  );
  const again = await rig.call(
    rig.admin_api_key,
    'POST',
    '/api/keys',
    { name: 'x', owner: 'once', role: 'agent' },
    headers,
  );
  count.check(
    made.body.api_key !== undefined && again.body.id === made.body.id && !again.text.includes(made.body.api_key),
    () => 'a key was given twice',
  );
}

/** Sign-in links: guessed, used again, and the form of one in another browser. */
async function links(on: Attempts, all: Attacker[], guesses: number): Promise<void> {
  const { rig, count } = on;
  const post = async (link: { cookie: string; fields: Record<string, string> }) => {
    const answer = await fetch(`${rig.url}/login`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: rig.url, cookie: link.cookie },
      body: new URLSearchParams(link.fields),
    });
    on.tried('sign-in link');
    return {
      status: answer.status,
      session: answer.headers.getSetCookie().find((text) => /^letsping=[^;]/.test(text)),
    };
  };
  const refused = async (what: string, link: Parameters<typeof post>[0]) => {
    const { status, session } = await post(link);
    count.check(status === 401 && session === undefined, () => `${what}: ${status}, ${session}`);
  };
  const { createLoginLink } = await import('../../../../storage/access/login-link.ts');
  const make = () =>
    createLoginLink({
      databaseUrl: rig.app_url,
      rootKey: rig.env['LETSPING_ROOT_KEY']!,
      project_id: rig.project_id,
      owner: 'link-owner',
    });
  const once = await make();
  const [mine, theirs] = [await openedLink(rig.url, once), await openedLink(rig.url, once)];
  for (let guess = 0; guess < guesses; guess++) {
    const token = Buffer.from(Array.from({ length: 32 }, (_, at) => (guess * 31 + at * 7) % 256)).toString('base64url');
    await refused('a guessed link', { cookie: mine.cookie, fields: { once: token, opened: mine.fields.opened } });
  }
  await refused('the form in a browser that never opened the link', { cookie: '', fields: mine.fields });
  await refused('the form in another browser', { cookie: theirs.cookie, fields: mine.fields });
  await refused('the form of another link', { cookie: mine.cookie, fields: { ...mine.fields, once: await make() } });
  const honest = await post(mine);
  count.check(honest.status === 303 && honest.session !== undefined, () => `the link itself: ${honest.status}`);
  await refused('a used link', mine);
  await refused('a used link in another browser', theirs);
  for (const { key, name } of all) {
    const listed = await rig.call(key, 'GET', '/api/sessions');
    count.check(!listed.text.includes('link-owner'), () => `${name} sees the session of a link`);
  }
}
