import type { JWK } from 'jose';
import type { ApprovalRequestDetail, ApprovalRequestPage } from '../../contracts/approval-request.ts';
import { POLICY } from '../../examples/office-agents/policy.ts';
import { TASKS } from '../../examples/office-agents/tasks.ts';
import { type ApiConnection, connect } from '../api-connection.ts';
import { CommandFailed, type Terminal } from '../command.ts';
import type { System } from '../services/system.ts';
import { jsonLine } from '../text.ts';
import { officeAgents } from './agents.ts';
import { ask } from './ask.ts';
import { answer } from './decide.ts';
import { type ActionReport, asJson, printed, readJournal, reportOn } from './report.ts';

export interface DemoOptions {
  system: System;
  terminal: Terminal;
  askPerson: boolean;
  json: boolean;
  signal: AbortSignal;
}

/** Long enough to kill and restart the workers before it passes. */
const UNANSWERED_MS = 15_000;
/** Requests that the user skips expire. */
const ASKED_MS = 5 * 60_000;
const SETTLE_MS = 60_000;

/** The service whose request nobody decides. */
const UNANSWERED = 'it-helpdesk';

const as = (system: System, key: string, terminal: Terminal, role: 'approver' | 'admin'): Promise<ApiConnection> =>
  connect({ ...terminal, env: { LETSPING_BASE_URL: system.api_url, LETSPING_API_KEY: key } }, role);

/** Runs a few `jobs` at a time: every agent is a process, and the machine may be small. */
async function pooled<T, R>(items: T[], width: number, job: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const lane = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await job(next[1]);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}

export async function runDemo({ system, terminal, askPerson, json, signal }: DemoOptions): Promise<0 | 1> {
  const say = (line: string) => terminal.err(`${line}\n`);
  const admin = await as(system, system.admin_api_key, terminal, 'admin');
  const approver = await as(system, system.approver_api_key, terminal, 'approver');
  const agents = officeAgents(system);
  const onAbort = () => void agents.stop();
  signal.addEventListener('abort', onAbort, { once: true });
  const detail = async (id: string) =>
    (await approver.call<ApprovalRequestDetail>({ method: 'GET', path: `/approval-requests/${id}` })).body;
  const requestOf = async (thread_id: string) => {
    const { body } = await approver.call<ApprovalRequestPage>({
      method: 'GET',
      path: `/approval-requests?thread_id=${thread_id}`,
    });
    if (!body.items[0]) throw new CommandFailed('demo_failed', `thread ${thread_id} opened no request`);
    return body.items[0].id;
  };

  try {
    const expires_in_ms = askPerson ? ASKED_MS : UNANSWERED_MS;
    const routes = [{ service: UNANSWERED, action: '*', routing: 'review_flagged', expires_in_ms }, ...POLICY.routes];
    await admin.call({
      method: 'PUT',
      path: `/policy?reason=${encodeURIComponent('the policy of the demo agents')}`,
      body: { ...POLICY, routes, ...(askPerson && { expires_in_ms }) },
    });
    await agents.startResumeWorker();

    say('\nEight LangGraph agents each propose an action; a process that has to wait for a person ends');
    // The request that expires comes last, so that the workers run again before its deadline.
    const tasks = Object.keys(TASKS).sort(
      (a, b) => Number(TASKS[a]!.service === UNANSWERED) - Number(TASKS[b]!.service === UNANSWERED),
    );
    const states = await pooled(tasks, 2, async (task) => {
      const state = await agents.startThread(task, `thread-${task}`);
      say(
        `  ${TASKS[task]!.service.padEnd(14)} ${TASKS[task]!.action.padEnd(17)} ${state === 'paused' ? 'held: its process has ended' : 'allowed by the firewall'}`,
      );
      signal.throwIfAborted();
      return state;
    });
    const ids = Object.fromEntries(
      await Promise.all(tasks.map(async (task) => [task, await requestOf(`thread-${task}`)] as const)),
    );
    const waiting = tasks.filter((_, i) => states[i] === 'paused');

    say(
      `\nkill -9 of both workers (pids ${system.pids().worker} and the agents' own) while ${waiting.length} approvals wait; new ones start`,
    );
    await Promise.all([system.killWorker(), agents.killResumeWorker()]);
    await Promise.all([system.restartWorker(), agents.startResumeWorker()]);

    say(askPerson ? '\nYou decide' : '\nThe decisions come in');
    const answers: Record<string, string> = {};
    for (const task of waiting) {
      signal.throwIfAborted();
      const held = await detail(ids[task]!);
      answers[task] = askPerson
        ? await ask({
            approver,
            held,
            terminal,
            pageUrl: `${system.console_url}&next=/requests/${held.id}`,
            requestUrl: `${system.public_url}/requests/${held.id}`,
            signal,
          })
        : await answer(system, approver, held);
      say(`  ${held.service.padEnd(14)} ${held.action.padEnd(17)} ${answers[task]}`);
    }

    say('\nThe threads continue in the new worker');
    const end = Date.now() + SETTLE_MS + (askPerson ? ASKED_MS : 0);
    while (new Set(readJournal(agents.journalFile).map(({ task }) => task)).size < tasks.length) {
      signal.throwIfAborted();
      if (Date.now() > end)
        throw new CommandFailed('demo_failed', 'not every thread continued', `the logs in ${system.data_dir}/logs`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }

    const { keys } = (await (await fetch(`${system.public_url}/.well-known/jwks.json`)).json()) as { keys: JWK[] };
    const reports: ActionReport[] = [];
    for (const task of tasks) {
      const request = await settled(() => detail(ids[task]!));
      const receipt = await (await approver.stream(`/approval-requests/${request.id}/receipt`)).text();
      reports.push(
        await reportOn({
          task,
          request,
          answered: answers[task] ?? '',
          journal: readJournal(agents.journalFile),
          effectsFile: agents.effectsFile,
          receipt,
          keys,
        }),
      );
    }
    const bad = reports.filter(({ problems }) => problems.length > 0);
    if (json) terminal.out(jsonLine({ ok: bad.length === 0, actions: reports.map(asJson) }));
    else terminal.out(`\n${reports.map(printed).join('\n')}\n${summary(reports, waiting.length)}`);
    return bad.length === 0 ? 0 : 1;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await agents.stop();
  }
}

/** The agent reports its execution before it writes its journal, and the projection may lag; so this waits for both. */
async function settled(read: () => Promise<ApprovalRequestDetail>): Promise<ApprovalRequestDetail> {
  for (let tries = 0; ; tries++) {
    const request = await read();
    if (request.status !== 'pending' || tries === 50) return request;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function summary(reports: ActionReport[], held: number): string {
  const effects = reports.reduce((sum, report) => sum + report.effects, 0);
  const allowed = reports.filter(({ request }) => request.status === 'approved').length;
  const receipts = reports.filter(({ receipt }) => receipt.valid).length;
  const problems = reports.flatMap((report) => report.problems);
  return [
    `  ${reports.length} actions, ${held} held, ${allowed} allowed, ${effects} effects, ${receipts} receipts valid`,
    problems.length === 0
      ? '  Every allowed effect happened exactly once, and nothing else happened.'
      : `  ${problems.length} problems: see above.`,
    '',
  ].join('\n');
}
