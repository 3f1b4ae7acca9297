import { approvalWorkflowId } from '../../../../contracts/workflow.ts';
import { started } from '../../../helpers/started.ts';
import { decide, detail, pause } from '../../suite.ts';
import type { Attempts } from './attempts.ts';

/** A decision counts by the time of its row: in time and settled late counts, late does not, whatever Temporal says. */
export async function timing(on: Attempts): Promise<void> {
  const { rig } = on;
  const inTime = await on.held({ expires_in_ms: 4_000 });
  const undecided = await on.held({ expires_in_ms: 4_000 });
  for (const { id } of [inTime, undecided]) await started(rig.temporal, id);
  await rig.kill('worker');
  const { id, payload_digest } = inTime;
  const recorded = await decide(rig, id, { type: 'approve', payload_digest });
  on.count.check(recorded.status === 202, () => `without a worker the approval was answered ${recorded.status}`);
  await pause(Date.parse(undecided.expires_at) - Date.now() + 500);
  const late = await decide(rig, undecided.id, { type: 'approve', payload_digest: undecided.payload_digest });
  on.count.check(late.status === 409, () => `a late approval was answered ${late.status}`);
  const rows = await rig.sql('select id from decisions where request_id = $1', [undecided.id]);
  on.count.check(rows.length === 0, () => `a late approval has a row (${undecided.id})`);
  const forged = { decision_id: 'dec_late', type: 'approve', actor: 'ceo', payload_digest: undecided.payload_digest };
  for (const decided_at_ms of [1, Date.parse(undecided.expires_at) - 1])
    await rig.temporal.workflow
      .getHandle(approvalWorkflowId(undecided.id))
      .signal('decide_recorded', { ...forged, decided_at_ms });
  on.tried('late decision, dated back', 2);
  await rig.restore('worker');
  await on.settled('recorded in time, settled late', inTime, 'approved');
  await on.receipt('recorded in time, settled late', inTime, 'approved', ['dev-approver']);
  await on.settled('decided late', undecided, 'expired');
  await on.receipt('decided late', undecided, 'expired', []);
}

const SKEW_MS = 8_000;

/**
 * The deadline's timer is early: Temporal's clock is ahead of the database's. Here the database's clock is set back, by functions that
 * hide those of PostgreSQL from the product's login.
 */
export async function earlyTimer(on: Attempts): Promise<void> {
  const { rig } = on;
  const login = decodeURIComponent(new URL(rig.app_url).username);
  const restarted = async () => {
    await Promise.all([rig.kill('api'), rig.kill('worker')]);
    await Promise.all([rig.restore('api'), rig.restore('worker')]);
  };
  const back = `(select pg_catalog.clock_timestamp() - interval '${SKEW_MS} milliseconds')`;
  await rig.sql(
    `create schema behind; grant usage on schema behind to "${login}";
     create function behind.clock_timestamp() returns timestamptz language sql volatile as $$ select ${back} $$;
     create function behind.now() returns timestamptz language sql stable as $$ select ${back} $$;
     alter role "${login}" set search_path = behind, pg_catalog, public`,
  );
  await restarted();
  try {
    const decided = await on.held({ expires_in_ms: SKEW_MS });
    const undecided = await on.held({ expires_in_ms: SKEW_MS });
    on.tried('timer that is early', 2);
    const off = Date.parse(undecided.expires_at) - Date.now();
    on.count.check(Math.abs(off) < SKEW_MS / 2, () => `the database's clock is not behind: ${off} ms to the deadline`);
    // Temporal's clock has passed both deadlines, the database's has not.
    await pause(off + 1_500);
    await on.pending('the timer is early', undecided);
    await on.alarmed('the timer is early', undecided, 'clock_skew');
    await on.honest('the timer is early', decided);
    await on.settled('the timer is early', undecided, 'expired');
    const { resolved_at, expires_at } = await detail(rig, undecided.id);
    on.count.check(
      Date.parse(resolved_at) >= Date.parse(expires_at),
      () => `expired ${Date.parse(expires_at) - Date.parse(resolved_at)} ms before its deadline`,
    );
  } finally {
    await rig.sql(`alter role "${login}" reset search_path; drop schema behind cascade`);
    await restarted();
  }
}
