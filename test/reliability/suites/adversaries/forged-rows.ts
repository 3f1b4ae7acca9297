import { generateKeyPairSync, sign } from 'node:crypto';
import { APPROVAL_WORKFLOW, approvalWorkflowId } from '../../../../contracts/workflow.ts';
import type { ForeignWorker } from '../../../faults/foreign-worker.ts';
import { canonical, openReceipt } from '../../../oracle/canonical.ts';
import { decide, detail, type Opened, pause, pooled, resolved } from '../../suite.ts';
import type { Attempts } from './attempts.ts';
import { type Change, changed, changesOf, wrote } from './row-changes.ts';

/** MACs that an attacker can write: none, one of zeros, and one copied from a genuine row. */
const MACS = (table: string, mac: string) => ({
  'no MAC': 'null',
  'a MAC of zeros': "'\\x0100000000000000000000000000000000'",
  "another row's MAC": `(select ${mac} from ${table} where ${mac} is not null limit 1)`,
});

/** An outcome that the attacker writes into the ledger, with receipts that they can make or copy. */
export async function forgedLedger(on: Attempts): Promise<void> {
  const { rig } = on;
  const approved = await on.held();
  await decide(rig, approved.id, { type: 'approve', payload_digest: approved.payload_digest });
  const receipt: string = (await rig.call(rig.approver_api_key, 'GET', `/api/approval-requests/${approved.id}/receipt`))
    .body;
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const kid = `mallory-${approved.id.slice(-6)}`;
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'EdDSA', use: 'sig' };
  await wrote(
    rig,
    'owner',
    `insert into issuer_keys (kid, public_jwk, sealed) select $1, $2::jsonb, sealed from issuer_keys limit 1`,
    [kid, JSON.stringify(jwk)],
  );
  const { keys } = (await rig.call('', 'GET', '/.well-known/jwks.json')).body;
  on.count.check(
    !keys.some((key: { kid: string }) => key.kid === kid),
    () => "the attacker's signing key is published",
  );
  const genuine = openReceipt(receipt, keys) ?? {};
  const signed = ({ id, payload_digest }: Opened) => {
    const statement = structuredClone(genuine) as any;
    statement.subject[0].name = `request:${id}`;
    statement.subject[0].digest.sha256 = payload_digest.slice(7);
    statement.predicate.requested.payload_digest = payload_digest;
    statement.predicate.executed = { payload_digest };
    const head = Buffer.from(JSON.stringify({ alg: 'EdDSA', typ: 'approval-receipt+jws', kid })).toString('base64url');
    const body = Buffer.from(canonical(statement)).toString('base64url');
    return `${head}.${body}.${sign(null, Buffer.from(`${head}.${body}`), privateKey).toString('base64url')}`;
  };
  const receipts: Record<string, (target: Opened) => string> = {
    garbage: () => 'x.y.z',
    nothing: () => '',
    "another request's": () => receipt,
    'signed by another key': signed,
    'signed under our key id': (target) => {
      const [, body, signature] = signed(target).split('.');
      return `${receipt.split('.')[0]}.${body}.${signature}`;
    },
  };
  for (const [name, made] of Object.entries(receipts))
    for (const login of ['application', 'owner'] as const)
      for (const cause of ['person', 'firewall'] as const) {
        const target = await on.held();
        const { id, payload_digest } = target;
        const isWritten = await wrote(
          rig,
          login,
          `with forged as (insert into ledger (request_id, project_id, status, cause, payload_digest, decision_id, actor, channel, verified, resolved_at, receipt)
             values ($1, $2, 'approved', $3, $4, 'dec_forged', 'ceo', 'api', true, now(), $5) returning resolved_at)
           update approval_requests r set status = 'approved', resolved_at = f.resolved_at from forged f where r.id = $1 returning r.id`,
          [id, rig.project_id, cause, payload_digest, made(target)],
        );
        on.tried('forged ledger row');
        if (!isWritten) continue;
        const what = `a ledger row with a receipt that is ${name}, by ${login}`;
        const answers = await Promise.all([
          rig.call(rig.agent_api_key, 'GET', `/api/status/${id}`),
          rig.call(rig.approver_api_key, 'GET', `/api/approval-requests/${id}`),
          rig.call(rig.agent_api_key, 'POST', `/api/approval-requests/${id}/executed`, { payload_digest }),
        ]);
        const { body: page } = await rig.call(rig.approver_api_key, 'GET', '/api/approval-requests?limit=5');
        on.count.check(
          page.not_authentic > 0 && !page.items.some((item: { id: string }) => item.id === id),
          () => `${what}: listed, with ${page.not_authentic} rows left out (${id})`,
        );
        for (const { status, text } of answers)
          on.count.check(
            status >= 400 && !text.includes('"outcome":{'),
            () => `${what}: answered ${status} ${text.slice(0, 200)} (${id})`,
          );
        await on.alarmed(what, target, 'forged_row', 'forged_receipt');
        await wrote(rig, 'owner', `delete from ledger where request_id = '${id}'`);
        await wrote(
          rig,
          'owner',
          `update approval_requests set status = 'pending', resolved_at = null where id = '${id}'`,
        );
        if (cause === 'person') await on.honest(`${what}, removed`, target);
      }
  await wrote(rig, 'owner', 'delete from issuer_keys where kid = $1', [kid]);
}

/** Decisions and cancellations that the attacker inserts, and then tells the workflow of. */
export async function forgedDecisions(on: Attempts): Promise<void> {
  const { rig } = on;
  const genuine = await on.held();
  await decide(rig, genuine.id, { type: 'approve', payload_digest: genuine.payload_digest });
  const cancelled = await on.held();
  await rig.call(rig.agent_api_key, 'POST', `/api/approval-requests/${cancelled.id}/cancel`, {});
  let number = 0;
  for (const [name, mac] of Object.entries(MACS('decisions', 'mac')))
    for (const login of ['application', 'owner'] as const) {
      const target = await on.held();
      const { id, payload_digest } = target;
      const decision_id = `dec_${String(++number).padStart(26, '0')}`;
      await wrote(
        rig,
        login,
        `insert into decisions (id, project_id, request_id, type, actor, channel, payload_digest, created_at, mac)
         values ($1, $2, $3, 'approve', 'ceo', 'api', $4, now(), ${mac})`,
        [decision_id, rig.project_id, id, payload_digest],
      );
      on.tried('forged decision row');
      const handle = rig.temporal.workflow.getHandle(approvalWorkflowId(id));
      await handle.signal('decide_recorded', { decision_id, type: 'approve', actor: 'ceo', payload_digest });
      const what = `a decision with ${name}, by ${login}`;
      await on.alarmed(what, target, 'forged_row');
      const rows = await rig.sql('select status from ledger where request_id = $1', [id]);
      on.count.check(rows.length === 0, () => `${what}: it counted, ${JSON.stringify(rows)} (${id})`);
      await wrote(rig, 'owner', 'delete from decisions where id = $1', [decision_id]);
      await on.honest(`${what}, removed`, target);
      await on.receipt(`${what}, removed`, target, 'approved', ['dev-approver']);
    }
  for (const [name, mac] of Object.entries(MACS('cancellations', 'mac'))) {
    if (mac === 'null') continue; // the column takes no null
    const target = await on.held();
    const { id } = target;
    await wrote(
      rig,
      'application',
      `insert into cancellations (request_id, project_id, cause, requested_by, created_at, mac) values ($1, $2, 'caller', 'dev-agent', now(), ${mac})`,
      [id, rig.project_id],
    );
    on.tried('forged cancellation row');
    await rig.temporal.workflow.getHandle(approvalWorkflowId(id)).signal('cancel_recorded');
    await on.alarmed(`a cancellation with ${name}`, target, 'forged_row');
    await on.pending(`a cancellation with ${name}`, target);
    await on.honest(`a cancellation with ${name}`, target);
  }
}

/** A report of an execution that the attacker inserts for an approved request: it is not shown. */
export async function forgedExecutions(on: Attempts): Promise<void> {
  const { rig } = on;
  for (const [name, mac] of Object.entries(MACS('decisions', 'mac'))) {
    const target = await on.held();
    const { id, payload_digest } = target;
    await decide(rig, id, { type: 'approve', payload_digest });
    await wrote(
      rig,
      'application',
      `insert into claims (request_id, attempt, project_id, payload_digest, claimed_by, retryable, claimed_at, unknown_after, ended, ended_at, mac)
       values ($1, 1, $2, $3, 'ceo', false, now(), now(), 'done', now(), ${mac})`,
      [id, rig.project_id, payload_digest],
    );
    on.tried('forged execution row');
    const { status, body, text } = await rig.call(rig.approver_api_key, 'GET', `/api/approval-requests/${id}`);
    on.count.check(
      (status === 500 && body.code === 'not_authentic') || (status === 200 && body.executed_at == null),
      () => `an execution with ${name} is shown: ${status} ${text.slice(0, 200)} (${id})`,
    );
  }
}

/** Rows of one request that the attacker gives to another one, or to another project. */
export async function movedRows(on: Attempts): Promise<void> {
  const { rig } = on;
  const other = await rig.foreign();
  for (const table of ['ledger', 'decisions', 'claims'] as const) {
    const from = await on.held();
    await decide(rig, from.id, { type: 'approve', payload_digest: from.payload_digest });
    await rig.call(rig.agent_api_key, 'POST', `/api/approval-requests/${from.id}/executed`, {
      payload_digest: from.payload_digest,
    });
    const to = await on.held();
    await wrote(rig, 'owner', `update ${table} set request_id = $2 where request_id = $1`, [from.id, to.id]);
    if (table === 'ledger')
      await wrote(
        rig,
        'owner',
        "update approval_requests set status = 'approved', resolved_at = (select resolved_at from ledger where request_id = $1) where id = $1",
        [to.id],
      );
    on.tried('row moved to another request');
    const answer = await rig.call(rig.agent_api_key, 'GET', `/api/status/${to.id}`);
    on.count.check(
      answer.body?.status !== 'APPROVED' && answer.body?.outcome?.status !== 'approved',
      () => `${table} moved to ${to.id}: the agent is answered ${answer.text.slice(0, 200)}`,
    );
    if (table === 'decisions') {
      const [row] = await rig.sql('select id, actor from decisions where request_id = $1', [to.id]);
      await rig.temporal.workflow.getHandle(approvalWorkflowId(to.id)).signal('decide_recorded', {
        decision_id: row.id,
        type: 'approve',
        actor: row.actor,
        payload_digest: to.payload_digest,
      });
      await on.alarmed('a moved decision', to, 'forged_row', 'forged_decision');
    }
    const settled = await rig.sql('select decision_id from ledger where request_id = $1', [to.id]);
    on.count.check(table === 'ledger' || settled.length === 0, () => `${table} moved to ${to.id}: it was settled`);
    await wrote(rig, 'owner', `update ${table} set request_id = $1 where request_id = $2`, [from.id, to.id]);
    if (table === 'ledger')
      await wrote(rig, 'owner', "update approval_requests set status = 'pending', resolved_at = null where id = $1", [
        to.id,
      ]);
  }
  // The whole request, given to another project, whose approver would decide it.
  const moved = await on.held();
  await wrote(rig, 'owner', 'update approval_requests set project_id = $2 where id = $1', [moved.id, other.project_id]);
  on.tried('row moved to another project');
  const shown = await rig.call(other.approver_api_key, 'GET', `/api/approval-requests/${moved.id}`);
  const decision = { type: 'approve', payload_digest: moved.payload_digest };
  const approved = await decide(rig, moved.id, decision, other.approver_api_key);
  on.count.check(
    shown.status >= 400 && approved.status >= 400 && !shown.text.includes('"amount"'),
    () => `a request of another project: shown with ${shown.status}, approved with ${approved.status}`,
  );
  await wrote(rig, 'owner', 'update approval_requests set project_id = $2 where id = $1', [moved.id, rig.project_id]);
  await on.honest('moved to another project and back', moved);
}

/**
 * Genuine decisions and cancellations that no worker has settled, each with one column changed: none of them counts. The columns that
 * are not authenticated say nothing.
 */
export async function unsettledRows(
  on: Attempts,
  worker: ForeignWorker,
  random: () => number,
  most: number,
): Promise<void> {
  const { rig } = on;
  const changes: { what: 'decisions' | 'cancellations'; change: Change }[] = [];
  for (const table of ['decisions', 'cancellations'] as const)
    for (const change of await changesOf(rig, table, random))
      if (!['sealed_screening', 'screened_at', 'acknowledged_at'].includes(change.column))
        changes.push({ what: table, change });
  const chosen = changes.toSorted(() => random() - 0.5).slice(0, most);
  const opened = await Promise.all(chosen.map(() => on.held({ expires_in_ms: 600_000 })));
  const done: { target: Opened; what: string; restore: () => Promise<void> }[] = [];
  await rig.kill('worker');
  await pooled(chosen, 16, async ({ what, change }, at) => {
    const target = opened[at]!;
    if (what === 'decisions') await decide(rig, target.id, { type: 'approve', payload_digest: target.payload_digest });
    else await rig.call(rig.agent_api_key, 'POST', `/api/approval-requests/${target.id}/cancel`, {});
    const restore = await changed(rig, 'owner', change, `request_id = '${target.id}'`);
    if (restore === 'unchanged') return;
    on.tried(`changed column of an unsettled row of ${what}`);
    done.push({ target, what: `${change.table}.${change.column} = ${change.value}`, restore });
  }).finally(() => rig.restore('worker'));
  await pause(3_000);
  for (const { target, what } of done) {
    const [row] = await rig.sql('select status, cause, actor from ledger where request_id = $1', [target.id]);
    on.count.check(row === undefined, () => `${what}: it was settled, ${JSON.stringify(row)} (${target.id})`);
    await on.alarmed(what, target, 'forged_row', 'forged_decision', 'forged_outcome');
  }
  for (const { target, restore } of done) {
    await restore();
    await worker.start(approvalWorkflowId(target.id), APPROVAL_WORKFLOW, 'rig', [{}]); // ends at once, and a decision starts it again
  }
  await pooled(done, 4, async ({ target, what }) => {
    const answer = await decide(rig, target.id, { type: 'approve', payload_digest: target.payload_digest });
    const end = await resolved(rig, target.id, 10_000);
    on.count.check(
      end !== undefined,
      () => `${what}, put back: answered ${answer.status}, still pending (${target.id})`,
    );
  });
}

/** A patch that waits for a second person or was refused, with its screening turned into an acceptance. */
export async function turnedScreenings(on: Attempts): Promise<void> {
  const { rig } = on;
  const wide = { url: 'http://169.254.169.254/latest/meta-data' };
  for (const [service, value] of [
    ['billing-agent', "screening = 'accepted'"],
    ['billing-agent', "screening = 'accepted', screening_mac = null"],
    ['billing-agent', "actor = 'ceo'"],
    ['strict-agent', "screening = 'accepted'"],
    ['strict-agent', "screening = 'second_approver'"],
    ['strict-agent', "screening = 'accepted', sent_back_at = null, sent_back_mac = null"],
    ['strict-agent', 'sent_back_at = null, sent_back_mac = null'],
  ] as const) {
    const target = await on.held({ service });
    const { id, payload_digest } = target;
    await decide(rig, id, { type: 'patch', patched_payload: wide, payload_digest });
    const [row] = await rig.sql('select * from decisions where request_id = $1', [id]);
    await wrote(rig, 'owner', `update decisions set ${value} where id = $1`, [row.id]);
    on.tried('screening turned');
    const what = `a patch of ${service} with ${value}`;
    const reference = {
      decision_id: row.id,
      type: 'patch',
      actor: row.actor,
      payload_digest,
      patched_digest: row.patched_digest,
    };
    const handle = rig.temporal.workflow.getHandle(approvalWorkflowId(id));
    await handle.terminate().catch(() => {});
    await rig.temporal.workflow.signalWithStart(APPROVAL_WORKFLOW, {
      workflowId: approvalWorkflowId(id),
      taskQueue: 'rig',
      args: [
        {
          project_id: rig.project_id,
          request_id: id,
          payload_digest,
          requested_by: 'dev-agent',
          expires_at_ms: Date.parse(target.expires_at),
          accept_unsigned_signals: false,
        },
      ],
      signal: 'decide_recorded',
      signalArgs: [reference],
    });
    await pause(1_500);
    const own = await decide(rig, id, { type: 'approve', payload_digest: row.patched_digest });
    const [settled] = await rig.sql('select status, payload_digest, actor from ledger where request_id = $1', [id]);
    on.count.check(
      settled === undefined && own.status !== 201,
      () => `${what}: settled ${JSON.stringify(settled)}, its author's approval answered ${own.status} (${id})`,
    );
    await wrote(
      rig,
      'owner',
      `update decisions set screening = $2, screening_mac = $3, actor = $4, sent_back_at = $5, sent_back_mac = $6 where id = $1`,
      [row.id, row.screening, row.screening_mac, row.actor, row.sent_back_at, row.sent_back_mac],
    );
    await on.honest(`${what}, put back`, target);
    const { payload } = await detail(rig, id);
    on.count.check(
      payload !== undefined && JSON.stringify(payload) !== JSON.stringify(wide),
      () => `${what}: ${id} shows the patch`,
    );
  }
}
