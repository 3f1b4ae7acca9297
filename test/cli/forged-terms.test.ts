import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSettle, createSettleByHint } from '../../activities/settle.ts';
import { show } from '../../cli/commands/show.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { AUTHENTICATED } from '../../storage/tables.ts';
import { createThreadStore } from '../../storage/threads/thread-store.ts';
import { activityDeps } from '../helpers/activities.ts';
import { type Owner, ownerOf } from '../helpers/altered-rows.ts';
import { approvalsOf } from '../helpers/approvals.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { visitorOf } from '../helpers/visitor.ts';
import { run } from './run.ts';

/** The attacker writes to the database and does not have the root key. */
let system: TestSystem;
let owner: Owner;
let cookie: string;
beforeAll(async () => {
  system = await createSystem();
  owner = await ownerOf(system.database);
  cookie = await visitor.signIn();
});
afterAll(async () => {
  await owner?.end();
  await system?.stop();
});
const visitor = visitorOf(() => system);
const { decide } = approvalsOf(() => system);

interface Opened {
  id: string;
  payload_digest: string;
}

const INTERRUPT = 'interrupt';

/** A row that is refused is left out and counted; the others are shown. */
async function listed(id: string): Promise<string> {
  const { body } = await system.call(system.approver_api_key, 'GET', '/api/approval-requests');
  const isShown = body.items.some((item: Opened) => item.id === id);
  return isShown ? 'shown' : body.not_authentic === 1 ? 'left out' : 'missing';
}
const shownIn = ({ text }: { text: string }, id: string): string =>
  text.includes(id) ? 'shown' : text.includes('One request is not shown.') ? 'left out' : 'missing';

/** Every way to see, decide, cancel, report or resume a request. */
async function surfaces({ id, payload_digest }: Opened, thread_id: string): Promise<Record<string, unknown>> {
  const { agent_api_key: agent, approver_api_key: approver, project_id } = system;
  const keyring = createKeyring(parseRootKey(system.env['LETSPING_ROOT_KEY']!), storedKeys(system.database.pool));
  const threads = createThreadStore({ pool: system.database.pool, keyring, project_id });
  const { stores, signer } = await activityDeps(system);
  const settle = createSettle({
    settle: createSettleByHint({ ledger: stores.ledger, signer }),
    incidents: stores.incidents,
  });
  const ref = { project_id, request_id: id };
  const name = async (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      (error: Error) => error.name,
    );
  const code = async (answer: ReturnType<TestSystem['call']>) => {
    const { status, body } = await answer;
    return body?.code ?? status;
  };
  const path = `/api/approval-requests/${id}`;
  return {
    list: await listed(id),
    detail: await code(system.call(approver, 'GET', path)),
    status: await code(system.call(agent, 'GET', `/api/status/${id}`)),
    receipt: await code(system.call(approver, 'GET', `${path}/receipt`)),
    decide: await code(decide(id, { type: 'reject', payload_digest, reason: 'no' })),
    cancel: await code(system.call(agent, 'POST', `${path}/cancel`, {})),
    executed: await code(system.call(agent, 'POST', `${path}/executed`, { payload_digest })),
    inbox: shownIn(await visitor.send('/', { cookie }), id),
    page: (await visitor.send(`/requests/${id}`, { cookie })).status,
    show: (await run(show, [id], { LETSPING_API_KEY: approver, LETSPING_BASE_URL: system.api.url })).code,
    resume: await name(threads.interruptAnswers(thread_id, [INTERRUPT])),
    admit: await name(stores.screen.terms(ref)),
    settle: await name(settle(ref, { status: 'expired', cause: 'deadline', payload_digest })),
  };
}

async function opened(): Promise<Opened & { thread_id: string }> {
  const thread_id = crypto.randomUUID();
  const { body } = await system.call(system.agent_api_key, 'POST', '/api/ingest', {
    service: 'bank',
    action: 'wire_money',
    payload: { amount: 10 },
    context: { thread_id, node: 'pay' },
  });
  const keyring = createKeyring(parseRootKey(system.env['LETSPING_ROOT_KEY']!), storedKeys(system.database.pool));
  const threads = createThreadStore({ pool: system.database.pool, keyring, project_id: system.project_id });
  await threads.linkInterrupt({ thread_id, interrupt_id: INTERRUPT, graph: 'g', request_ids: [body.id] });
  return { ...body, thread_id };
}

const written = async (id: string) =>
  (
    await owner.client.query<{ n: number }>(
      `select (select count(*) from ledger where request_id = $1) + (select count(*) from decisions where request_id = $1)
         + (select count(*) from cancellations where request_id = $1) + (select count(*) from claims where request_id = $1) as n`,
      [id],
    )
  ).rows[0]!.n;

const REFUSED = {
  list: 'left out',
  detail: 'not_authentic',
  status: 'LETSPING_NETWORK', // the published protocol has no code of its own for it
  receipt: 'not_authentic',
  decide: 'not_authentic',
  cancel: 'not_authentic',
  executed: 'not_authentic',
  inbox: 'left out',
  page: 500,
  show: 1,
  resume: 'RowForged',
  admit: 'RowForged',
  settle: 'OutcomeRefused',
};

describe('an open request is not shown, decided, cancelled, reported or resumed', () => {
  const terms = AUTHENTICATED['approval_requests']!.covered;
  expect(terms.length).toBeGreaterThan(15);
  test.each(terms)('after its %s was changed', async (term) => {
    const request = await opened();
    const restore = await owner.alter('approval_requests', term, `id = '${request.id}'`);

    const seen = await surfaces(request, request.thread_id).finally(restore);
    // Without the ciphertext nothing is shown, and the terms are authentic: the deadline is ahead.
    const unseen = term === 'sealed' ? { list: 'shown', inbox: 'shown', admit: 'done', settle: 'DeadlineAhead' } : {};
    expect(seen).toEqual({ ...REFUSED, ...unseen });
    expect(Number(await written(request.id))).toBe(0);
    const { rows } = await owner.client.query<{ kind: string }>(
      'select distinct kind from incidents where request_id = $1 order by 1',
      [request.id],
    );
    const early = term === 'sealed' ? ['clock_skew'] : [];
    expect(rows.map(({ kind }) => kind)).toEqual([...early, 'forged_row']);

    const { approver_api_key, agent_api_key } = system;
    for (const [key, path] of [
      [approver_api_key, '/api/approval-requests'],
      [approver_api_key, `/api/approval-requests/${request.id}`],
      [agent_api_key, `/api/status/${request.id}`],
    ] as const)
      expect((await system.call(key, 'GET', path)).status).toBe(200);
  });
});
