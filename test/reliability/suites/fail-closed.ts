import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { Policy } from '../../../contracts/policy.ts';
import { screenAction } from '../../../domain/firewall/screen.ts';
import { program } from '../../faults/program.ts';
import { decide, detail, judged, openHeld, pause, type Suite } from '../suite.ts';

const CANARY = 'c4nary-9b1d-';

/** Planted in every writable text; must not appear in stored data, logs, errors or histories. */
export const canaries: Suite = {
  name: 'canaries',
  promises: ['sealed', 'nothing readable'],
  async run({ rig: shared }, count) {
    const rig = await shared();
    let planted = 0;
    const canary = () => `${CANARY}${planted++}`;
    const answers: string[] = [];
    const bad = async (key: string, method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
      const answer = await rig.call(key, method, path, body, headers);
      if (answer.status >= 400) answers.push(answer.text);
      return answer;
    };
    const opened = await Promise.all(
      Array.from({ length: 4 }, () =>
        openHeld(
          rig,
          {
            payload: { text: canary(), [canary()]: 1, to: `${canary()}@yourco.com` },
            metadata: { trace_id: canary(), environment: canary() },
            context: { task: canary() },
            schema: { type: 'object', title: canary() },
          },
          canary(),
        ),
      ),
    );
    const [patched, rejected, refused] = opened;
    await bad(rig.approver_api_key, 'POST', `/api/approval-requests/${patched!.id}/decisions`, {
      type: 'patch',
      patched_payload: { text: canary() },
      payload_digest: patched!.payload_digest,
    });
    await bad(rig.approver_api_key, 'POST', `/api/approval-requests/${rejected!.id}/decisions`, {
      type: 'reject',
      reason: canary(),
      payload_digest: rejected!.payload_digest,
    });
    await bad(rig.approver_api_key, 'POST', `/api/approval-requests/${refused!.id}/decisions`, {
      type: 'patch',
      patched_payload: { url: 'http://169.254.169.254/', note: canary() },
      payload_digest: refused!.payload_digest,
    });
    for (const body of [
      `{"service":"${canary()}"`,
      { service: canary() },
      { service: 'a', action: 'b', payload: canary() },
      { service: 'a', action: 'b', payload: {}, expires_in_ms: canary() },
      { service: 'a', action: 'b', payload: {}, metadata: { role: canary() } },
    ])
      await bad(rig.agent_api_key, 'POST', '/api/ingest', body);
    await bad(`lp_test_${canary()}`, 'GET', '/api/approval-requests');
    await bad(rig.agent_api_key, 'GET', `/api/status/${canary()}?x=${canary()}`, undefined, {
      cookie: `letsping=${canary()}`,
      referer: canary(),
      'x-request-id': `${canary()} `,
    });
    await bad(rig.admin_api_key, 'PUT', '/api/policy', { [canary()]: 1 });
    // A database error quotes the row: it must not reach the log.
    await rig.sql(
      "create or replace function quote_row() returns trigger language plpgsql as $$ begin raise exception 'row: %', new using errcode = '23514'; end $$",
    );
    await rig.sql('create trigger quote_row before insert on decisions for each row execute function quote_row()');
    await bad(rig.approver_api_key, 'POST', `/api/approval-requests/${opened[3]!.id}/decisions`, {
      type: 'reject',
      reason: canary(),
      payload_digest: opened[3]!.payload_digest,
    });
    await rig.sql('drop trigger quote_row on decisions');

    const histories = await Promise.all(
      opened.map(async ({ id }) => (await rig.oracle.histories.of(`approval/${id}`))?.text ?? ''),
    );
    const owner = new pg.Client({ connectionString: rig.owner_url });
    await owner.connect();
    await owner.query("set app.project_id = '*'");
    const { rows: tables } = await owner.query(
      "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
    );
    const rows: string[] = [];
    for (const { name } of tables)
      for (const { row } of (await owner.query(`select t::text as row from "${name}" t`)).rows) {
        rows.push(row);
        for (const [, hex] of row.matchAll(/\\\\?x([0-9a-f]{8,})/g))
          rows.push(Buffer.from(hex, 'hex').toString('latin1'));
      }
    await owner.end();
    const secrets = [
      rig.agent_api_key,
      rig.approver_api_key,
      rig.admin_api_key,
      rig.env['LETSPING_ROOT_KEY']!,
      new URL(rig.app_url).password,
      ...opened.map(({ digest_salt }) => digest_salt),
    ];
    const places = {
      'log of the api': rig.api.log,
      'log of the worker': rig.worker.log,
      histories: histories.join('\n'),
      database: rows.join('\n'),
    };
    for (const [place, text] of Object.entries(places)) {
      const at = text.indexOf(CANARY);
      count.check(at < 0, () => `${place}: …${text.slice(Math.max(0, at - 120), at + 60)}…`);
      count.check(text.length > 100, () => `${place} is empty: nothing was checked`);
      for (const secret of secrets) count.check(!text.includes(secret.slice(-40)), () => `${place} holds a secret`);
    }
    for (const text of answers) {
      for (const secret of secrets)
        count.check(!text.includes(secret.slice(-40)), () => 'an error body holds a secret');
      count.check(
        !/\n\s+at |\/dist\/|node_modules|postgres:\/\//.test(text),
        () => `an error body reveals internals: ${text.slice(0, 200)}`,
      );
    }
    count.note(`${planted} canaries, ${answers.length} error bodies`);
    await judged(rig, count, { ids: opened.map(({ id }) => id) });
  },
};

const WORKER_WITH = fileURLToPath(new URL('../../faults/worker-with.mjs', import.meta.url));

/** A guardrail that throws, returns garbage or hangs holds the request. */
export const guardrails: Suite = {
  name: 'failing guardrails',
  promises: ['fails closed'],
  async run({ form, rig: shared }, count) {
    const open = Policy.parse({ default_routing: 'review_flagged' });
    const action = { service: 'auto', action: 'read', payload: { page: 1 } };
    const thrown = [
      new Error('x'),
      undefined,
      null,
      'text',
      { message: 1 },
      Symbol('x'),
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('again');
          },
        },
      ),
    ];
    const garbage: unknown[] = [
      undefined,
      null,
      true,
      0,
      'allow',
      {},
      [null],
      [{}],
      [{ id: 1 }],
      ['x'],
      [[]],
      { length: 0 },
      new Map(),
      Promise.resolve([]),
      [{ id: 'a', severity: 'none', pointer: '', evidence: '', message: '' }],
      [{ id: 'a', severity: 'toString', pointer: '', evidence: '', message: '' }],
    ];
    for (const what of thrown) {
      const { verdict } = screenAction(action, {}, open, [
        {
          id: 'broken',
          check: () => {
            throw what;
          },
        },
      ]);
      count.check(verdict === 'hold', () => `a guardrail that throws ${String(typeof what)}: ${verdict}`);
    }
    for (const what of garbage) {
      const { verdict } = screenAction(action, {}, open, [{ id: 'broken', check: () => what as never }]);
      count.check(verdict === 'hold', () => `a guardrail that answers ${typeof what}: ${verdict}`);
    }
    // A broken workflow step, in a separate worker: the request is held, and a patch does not run without screening.
    const rig = await shared();
    await rig.worker.stop();
    try {
      for (const mode of form === 'whole'
        ? ['throw', 'hang', '"approve"', '{}', 'null', '"allowed"', '1']
        : ['throw']) {
        const broken = program({
          args: [],
          script: WORKER_WITH,
          ready: 'worker ready',
          env: { ...rig.envFor('worker'), BROKEN_SCREEN: mode },
        });
        await broken.start();
        const { id, payload_digest } = await openHeld(rig);
        const patch = await decide(rig, id, { type: 'patch', patched_payload: { amount: 1 }, payload_digest });
        await pause(500);
        const end = await detail(rig, id);
        count.check(
          end.status !== 'approved' && ![200, 201].includes(patch.status),
          () => `screen answers ${mode}: ${end.status}, the patch ${patch.status}`,
        );
        await broken.kill();
      }
    } finally {
      await rig.restore('worker');
    }
  },
};
