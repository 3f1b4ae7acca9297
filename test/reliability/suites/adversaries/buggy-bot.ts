import { fileURLToPath } from 'node:url';
import { Client, type DataConverter } from '@temporalio/client';
import {
  APPROVAL_WORKFLOW,
  approvalWorkflowId,
  DELIVERY_WORKFLOW,
  RECONCILE_WORKFLOW,
  RESUME_WORKFLOW,
} from '../../../../contracts/workflow.ts';
import { loadPayloadCodecs } from '../../../../runtime/temporal/payload-codec.ts';
import { type ForeignWorker, foreignWorker, RawPayload } from '../../../faults/foreign-worker.ts';
import { JUNK, SIGNAL_NAMES, sendQuery, sendSignal, sendUpdate, startWith } from '../../../faults/junk.ts';
import { program } from '../../../faults/program.ts';
import { started } from '../../../helpers/started.ts';
import type { Suite } from '../../suite.ts';
import { decide, type Opened, pause, pooled, resolved } from '../../suite.ts';
import { ADVERSARY_POLICY, Attempts, adversaryRig, attacked } from './attempts.ts';
import { floods } from './floods.ts';

const FORMER_WORKER = fileURLToPath(new URL('../../../faults/former-worker.mjs', import.meta.url));
const CODEC = fileURLToPath(new URL('../../../faults/strict-codec.mjs', import.meta.url));
/** A deadline fires this soon after its time, or after the worker is back. */
const LATE_MS = 45_000;

/**
 * A team's bot that may write to the Temporal namespace, and sends what nobody can read: by a bug, or because its client has a payload
 * codec, or without end. Has no key and no database. The namespace writer of the other program sends what can be read.
 */
export const buggyBotProgram: Suite = {
  name: 'adversaries: buggy bot',
  isSeeded: false,
  promises: ['one resolution', 'deadline', 'bounded cost'],
  async run({ form, say, cell }, count) {
    const rig = await adversaryRig(say);
    const worker = await foreignWorker(rig.temporal_address, rig.env['TEMPORAL_NAMESPACE']!);
    const on = new Attempts(rig, count);
    const isWhole = form === 'whole';
    try {
      const steps: Record<string, () => Promise<void>> = {
        'junk, a worker lives': () => alive(on, 'junk', () => junk(on)),
        'junk, no worker lives': () => dead(on, 'junk', () => junk(on)),
        'unsigned signals accepted': () => trusting(on, () => alive(on, 'junk', () => junk(on))),
        'a payload codec, a worker lives': () => alive(on, 'codec', () => codec(on)),
        'a payload codec, no worker lives': () => dead(on, 'codec', () => codec(on)),
        'Updates and Queries': () => alive(on, 'Updates', () => calls(on)),
        starts: () => alive(on, 'starts', () => starts(on)),
        'answers that nobody can read': () => answers(on, worker),
        'stopped by a former worker': () => stopped(on),
        'a flood, a worker lives': () => alive(on, 'flood', () => floods(on, isWhole, true)),
        'a flood, no worker lives': () => dead(on, 'flood', () => floods(on, isWhole, false)),
      };
      await attacked(on, steps, say, cell);
      await on.judged();
      count.note(`${on.summary()}; no approval stopped, and no process ended`);
    } finally {
      await worker.stop();
      await rig.stop();
    }
  },
};

/** What an attack leaves behind, to be looked at once a worker lives. */
export interface Attacked {
  /** A person decides each of these afterwards, through the api. */
  honest: Opened[];
  /** Nobody decides these. */
  expiring: Opened[];
  /** A person decided each of these during the attack, and was told that it is recorded, or to try again. */
  decided?: Opened[];
}

/** The attack beside a worker, which goes on living. */
async function alive(on: Attempts, what: string, attack: () => Promise<Attacked>): Promise<void> {
  const pids = () => [on.rig.worker.pid, on.rig.api.pid];
  const before = pids();
  await held(on, what, await attack());
  const after = pids();
  on.count.check(
    after.every((pid, at) => pid !== undefined && pid === before[at]),
    () => `${what}: worker and api ${before.join(', ')} became ${after.join(', ')}: ${on.rig.worker.log.slice(-2_000)}`,
  );
}

/** The attack while no worker lives: the next one meets all messages in its first task. */
async function dead(on: Attempts, what: string, attack: () => Promise<Attacked>): Promise<void> {
  await on.rig.kill('worker');
  const left = await attack().finally(() => on.rig.restore('worker'));
  await alive(on, `${what}, sent before the worker came`, async () => left);
}

async function trusting(on: Attempts, step: () => Promise<void>): Promise<void> {
  const put = (policy: object) =>
    on.rig.call(on.rig.admin_api_key, 'PUT', '/api/policy', policy, { 'x-letsping-reason': 'adversaries' });
  const answer = await put({ ...ADVERSARY_POLICY, accept_unsigned_signals: true });
  on.count.check(answer.status < 300, () => `no policy: ${answer.status} ${answer.text}`);
  await step().finally(() => put(ADVERSARY_POLICY));
}

/** Attacked requests are decided and expire, and so do others meanwhile. */
async function held(on: Attempts, what: string, { honest, expiring, decided = [] }: Attacked): Promise<void> {
  const from = Date.now();
  for (const target of honest) {
    await on.honest(what, await on.held());
    await on.honest(what, target);
    await on.receipt(what, target, 'approved', ['dev-approver']);
  }
  for (const { id, payload_digest } of decided) {
    await decide(on.rig, id, { type: 'approve', payload_digest });
    const end = await resolved(on.rig, id, LATE_MS);
    on.count.check(
      end?.status === 'approved',
      () => `${what}: ${end?.status ?? 'pending'}, though a person approved it during the attack (${id})`,
    );
  }
  for (const target of expiring) {
    const due = Date.parse(target.expires_at);
    const end = await resolved(on.rig, target.id, Math.max(due, from) + LATE_MS - Date.now());
    const late = Date.parse(end?.resolved_at) - Math.max(due, from);
    on.count.check(
      end?.status === 'expired' && late <= LATE_MS,
      () => `${what}: ${end?.status ?? 'pending'} ${LATE_MS / 1_000} s after its deadline (${target.id})`,
    );
  }
}

/** Opens the targets of an attack. The deadline is ahead when the attack ends, or passes while no worker lives. */
async function targets(on: Attempts, expires_in_ms: number): Promise<Attacked> {
  const left = { honest: [await on.held()], expiring: [await on.held({ expires_in_ms })] };
  for (const { id } of [...left.honest, ...left.expiring]) await started(on.rig.temporal, id);
  return left;
}

/** Each kind of junk under each name. */
async function junk(on: Attempts): Promise<Attacked> {
  const left = await targets(on, 8_000);
  const kinds = SIGNAL_NAMES.flatMap((name) => Object.values(JUNK).map((payloads) => [name, payloads] as const));
  for (const { id } of [...left.honest, ...left.expiring]) {
    await pooled(kinds, 8, ([name, payloads]) =>
      sendSignal(on.rig.temporal, approvalWorkflowId(id), name, payloads).catch(() => {}),
    );
    on.tried('junk signal', kinds.length);
  }
  return left;
}

/** A bot whose client encrypts sends decisions that would be right, and also reads. */
async function codec(on: Attempts): Promise<Attacked> {
  const left = await targets(on, 8_000);
  const { connection, options } = on.rig.temporal;
  const dataConverter: DataConverter = { payloadCodecs: await loadPayloadCodecs(CODEC) };
  const bot = new Client({ connection, namespace: options.namespace, dataConverter });
  for (const { id, payload_digest } of [...left.honest, ...left.expiring]) {
    const handle = bot.workflow.getHandle(approvalWorkflowId(id));
    const decision = { decision_id: 'dec_bot', type: 'approve', actor: 'slack-bot', payload_digest };
    for (const name of SIGNAL_NAMES) await handle.signal(name, decision).catch(() => {});
    on.tried('encrypted signal', SIGNAL_NAMES.length);
    if (on.rig.worker.pid === undefined) continue;
    const answer = await handle.executeUpdate('decide', { args: [decision] }).catch((error: Error) => error);
    on.tried('encrypted update');
    on.count.check(
      (answer as any).cause?.type === 'malformed',
      () => `an encrypted Update was answered ${String((answer as any).cause ?? answer)} (${id})`,
    );
  }
  return left;
}

/** Updates and Queries of each kind, under names that exist and others. */
async function calls(on: Attempts): Promise<Attacked> {
  const left = await targets(on, 20_000);
  for (const { id } of [...left.honest, ...left.expiring])
    for (const [kind, payloads] of Object.entries(JUNK)) {
      const workflowId = approvalWorkflowId(id);
      for (const name of ['decide', 'approve', '__temporal_x']) {
        const failure = await sendUpdate(on.rig.temporal, workflowId, name, payloads).catch((error: Error) => error);
        on.count.check(failure !== undefined, () => `an Update ${name} with ${kind} was accepted (${id})`);
        on.tried('junk update');
      }
      for (const name of ['approval', 'no_such', '__stack_trace', '__temporal_workflow_metadata', ''])
        await sendQuery(on.rig.temporal, workflowId, name, payloads).catch(() => {});
      on.tried('junk query', 5);
    }
  return left;
}

/** The type of the failure with which a workflow ended; else its last event after a while. */
async function failureOf(on: Attempts, workflowId: string): Promise<string> {
  for (const end = Date.now() + 20_000; ; await pause(200)) {
    const last = (await on.rig.temporal.workflow.getHandle(workflowId).fetchHistory()).events?.at(-1);
    const failure = last?.workflowExecutionFailedEventAttributes?.failure;
    if (failure) return failure.applicationFailureInfo?.type ?? 'failed';
    if (Date.now() > end) return `event ${last?.eventType}`;
  }
}

/** Workflows of every type of ours, started with junk: also in place of a request's own. */
async function starts(on: Attempts): Promise<Attacked> {
  const left = await targets(on, 20_000);
  const types = [APPROVAL_WORKFLOW, DELIVERY_WORKFLOW, RESUME_WORKFLOW, RECONCILE_WORKFLOW];
  const kinds = Object.entries(JUNK).filter(([kind]) => !['no input', 'an empty input'].includes(kind));
  for (const workflowType of types)
    await pooled(kinds, 4, async ([kind, payloads]) => {
      const workflowId = `junk/${workflowType}/${kind.replaceAll(' ', '-')}`;
      await startWith(on.rig.temporal, { workflowId, workflowType, taskQueue: 'rig' }, payloads);
      on.tried('junk start');
      const why = await failureOf(on, workflowId);
      on.count.check(why === 'foreign', () => `${workflowType} started with ${kind}: ${why}`);
    });
  return left;
}

/** The workflow of a request is replaced by one that answers the api's Update with a value that nobody can read. */
async function answers(on: Attempts, worker: ForeignWorker): Promise<void> {
  for (const kind of ['encrypted', 'an external reference', 'a broken external reference', 'bad JSON', 'no metadata']) {
    const target = await on.held();
    const { id, payload_digest } = target;
    await started(on.rig.temporal, id);
    await worker.impersonate(approvalWorkflowId(id), APPROVAL_WORKFLOW, new RawPayload(JUNK[kind]![0]!));
    const answer = await decide(on.rig, id, { type: 'approve', payload_digest });
    on.tried('unreadable answer');
    on.count.check(
      answer.status === 202 || answer.status === 503,
      () => `an answer of ${kind}: the approver was answered ${answer.status} ${answer.text.slice(0, 200)} (${id})`,
    );
    await on.rig.temporal.workflow.getHandle(approvalWorkflowId(id)).terminate();
    await on.honest(`an answer of ${kind}`, target);
  }
}

/** An approval that a worker of the release before cannot continue, because of one Signal. */
async function stopped(on: Attempts): Promise<void> {
  await on.rig.kill('worker');
  const former = program({ env: on.rig.envFor('worker'), ready: '"worker ready"', args: [], script: FORMER_WORKER });
  await former.start();
  const left = await targets(on, 15_000);
  const failed = async (id: string) =>
    (await on.rig.temporal.workflow.getHandle(approvalWorkflowId(id)).fetchHistory()).events?.some(
      (event) => event.workflowTaskFailedEventAttributes,
    ) ?? false;
  for (const { id } of [...left.honest, ...left.expiring]) {
    await sendSignal(on.rig.temporal, approvalWorkflowId(id), 'decide_recorded', JUNK['encrypted']);
    on.tried('junk signal');
    for (const end = Date.now() + 20_000; !(await failed(id)) && Date.now() < end; ) await pause(200);
    on.count.check(await failed(id), () => `the former worker was not stopped, so this shows nothing (${id})`);
  }
  await former.kill();
  await on.rig.restore('worker');
  await alive(on, 'stopped by a former worker', async () => left);
}
