import { ApprovalRequestDetail, ApprovalRequestPage, IngestAnswer } from '../../contracts/index.ts';
import { plainLine } from './plain-text.ts';
import type { System } from './system.ts';

const WEEK_MS = 7 * 24 * 60 * 60 * 1_000;
/** Something to decide on a system that nobody has sent anything to yet. */
const EXAMPLE = { service: 'db-agent', action: 'sql', payload: { query: 'DROP TABLE users' }, expires_in_ms: WEEK_MS };

type Reached = Pick<System, 'api_url' | 'public_url' | 'agent_api_key' | 'approver_api_key' | 'fresh'>;

async function call({ api_url }: Reached, key: string, path: string, body?: unknown): Promise<unknown> {
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

/** The id of the oldest action that waits; on a fresh system one is sent through the API first. */
async function pendingId(system: Reached): Promise<string | undefined> {
  const page = ApprovalRequestPage.parse(
    await call(system, system.approver_api_key, '/approval-requests?status=pending'),
  );
  if (page.items.length > 0) return page.items.at(-1)!.id;
  if (!system.fresh) return undefined;
  return IngestAnswer.parse(await call(system, system.agent_api_key, '/ingest', EXAMPLE)).id;
}

export interface HeldAction {
  /** Who wants to run what, and what held it: one line, safe to print. */
  line: string;
  url: string;
}

export async function firstHeldAction(system: Reached): Promise<HeldAction | undefined> {
  const id = await pendingId(system);
  if (id === undefined) return undefined;
  const held = ApprovalRequestDetail.parse(await call(system, system.approver_api_key, `/approval-requests/${id}`));
  const what = `${plainLine(held.service, 40)} wants to run ${plainLine(held.action, 40)} ${plainLine(JSON.stringify(held.payload), 120)}`;
  const why =
    held.findings.map((finding) => plainLine(`${finding.id}: ${finding.message}`, 120))[0] ??
    'the policy: everything waits for a person';
  return { line: `${what}, held by ${why}`, url: `${system.public_url}/requests/${id}` };
}
