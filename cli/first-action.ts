import { ApprovalRequestDetail, ApprovalRequestPage, IngestAnswer } from '../contracts/index.ts';
import { plainLine } from './plain-line.ts';
import type { System } from './services/system.ts';

const WEEK_MS = 7 * 24 * 60 * 60 * 1_000;
/** Sent on a fresh system, so that there is something to decide. */
const EXAMPLE = { service: 'db-agent', action: 'sql', payload: { query: 'DROP TABLE users' }, expires_in_ms: WEEK_MS };

type Connection = Pick<System, 'api_url' | 'public_url' | 'agent_api_key' | 'approver_api_key' | 'fresh'>;

async function call({ api_url }: Connection, key: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${api_url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${plainLine(answer)}`);
  return JSON.parse(answer);
}

/** The id of the oldest pending request. On a fresh system the example is sent first. */
async function pendingId(system: Connection): Promise<string | undefined> {
  const page = ApprovalRequestPage.parse(
    await call(system, system.approver_api_key, '/approval-requests?status=pending'),
  );
  if (page.items.length > 0) return page.items.at(-1)!.id;
  if (!system.fresh) return undefined;
  return IngestAnswer.parse(await call(system, system.agent_api_key, '/ingest', EXAMPLE)).id;
}

export interface HeldAction {
  /** The agent, the action and the finding that held it, on one line that is safe to print. */
  line: string;
  url: string;
}

export async function firstHeldAction(system: Connection): Promise<HeldAction | undefined> {
  const id = await pendingId(system);
  if (id === undefined) return undefined;
  const held = ApprovalRequestDetail.parse(await call(system, system.approver_api_key, `/approval-requests/${id}`));
  const what = `${plainLine(held.service, 40)} wants to run ${plainLine(held.action, 40)} ${plainLine(JSON.stringify(held.payload), 120)}`;
  const why =
    held.findings.map((finding) => plainLine(`${finding.id}: ${finding.message}`, 120))[0] ??
    'the policy: everything waits for a person';
  return { line: `${what}, held by ${why}`, url: `${system.public_url}/requests/${id}` };
}
