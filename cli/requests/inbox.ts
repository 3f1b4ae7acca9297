import type {
  ApprovalRequestDetail,
  ApprovalRequestPage,
  ApprovalRequestSummary,
} from '../../contracts/approval-request.ts';
import type { ApprovalEvent } from '../../contracts/events.ts';
import { type ApiConnection, connect } from '../api-connection.ts';
import { type Terminal, UsageError } from '../command.ts';
import { follow } from '../event-stream.ts';
import { cell, jsonLine, relative, table } from '../text.ts';

export interface InboxOptions {
  status: string;
  service: string | undefined;
  action: string | undefined;
  thread: string | undefined;
  limit: string | undefined;
  cursor: string | undefined;
  follow: boolean;
  json: boolean;
}

type Filter = { status?: string; service?: string; action?: string; thread_id?: string };

const stateOf = ({ status, outcome }: ApprovalRequestSummary) =>
  outcome === null ? status : `${status}${outcome.modified ? ', patched' : ''} (${outcome.cause})`;

const columns = (item: ApprovalRequestSummary): string[] => [
  item.id,
  cell(item.service, 24),
  cell(item.action, 24),
  item.priority,
  relative(item.created_at),
  cell(item.requested_by, 20),
  item.status === 'pending' ? `pending, expires ${relative(item.expires_at)}` : stateOf(item),
];

const HEAD = ['REQUEST', 'SERVICE', 'ACTION', 'PRIORITY', 'OPENED', 'BY', 'STATUS'];

const emptyText = (filter: Filter): string =>
  Object.keys(filter).some((name) => name !== 'status')
    ? 'No request matches.\n'
    : filter.status === 'pending'
      ? 'No request is pending.\n'
      : filter.status === undefined
        ? 'There are no requests yet.\n'
        : `No request is ${filter.status}.\n`;

/** Suggested next commands. */
const hints = ({ items, not_authentic, next }: ApprovalRequestPage): string =>
  [
    not_authentic === 0
      ? ''
      : `Not shown: ${not_authentic} whose stored ${not_authentic === 1 ? 'row fails its' : 'rows fail their'} authenticity check. Tell an administrator.\n`,
    items.length > 0 ? 'try: letsping show REQUEST\n' : '',
    next === null ? '' : `There are more requests.\ntry: the same command with --cursor ${next}\n`,
  ].join('');

const matches = (item: ApprovalRequestSummary, filter: Filter) =>
  Object.entries(filter).every(([name, wanted]) => item[name as keyof Filter] === wanted);

/** Prints one line for each change of a request, also when it leaves the requested status. */
async function followInbox(
  api: ApiConnection,
  events: AsyncGenerator<ApprovalEvent>,
  filter: Filter,
  { json, out }: Pick<Terminal, 'out'> & { json: boolean },
): Promise<never> {
  const { status: _, ...others } = filter;
  for await (const { event, request_id, occurred_at } of events) {
    const path = `/approval-requests/${encodeURIComponent(request_id)}`;
    const { body } = await api.call<ApprovalRequestDetail>({ method: 'GET', path });
    if (!matches(body, others)) continue;
    const word = event.slice(event.indexOf('.') + 1);
    if (json) out(jsonLine({ event, occurred_at, request: body }));
    else out(table([[occurred_at, word.padEnd(8), ...columns(body)]]));
  }
  throw new Error('the event stream ended');
}

/** Prints requests, newest first; with `follow` also their later changes, without end. */
export async function listRequests(options: InboxOptions, terminal: Terminal): Promise<0> {
  const { status, service, action, thread, limit, cursor, json } = options;
  if (limit !== undefined && !/^(?:[1-9]\d?|1\d\d|200)$/.test(limit))
    throw new UsageError('--limit takes a number from 1 to 200');
  const filter: Filter = {
    ...(status !== 'all' && { status }),
    ...(service !== undefined && { service }),
    ...(action !== undefined && { action }),
    ...(thread !== undefined && { thread_id: thread }),
  };
  const query = new URLSearchParams({
    ...filter,
    ...(limit !== undefined && { limit }),
    ...(cursor !== undefined && { cursor }),
  });
  const api = await connect(terminal);
  const events = options.follow ? await follow(api, terminal.err) : undefined;
  const { body } = await api.call<ApprovalRequestPage>({ method: 'GET', path: `/approval-requests?${query}` });
  if (json) terminal.out(jsonLine(body));
  else if (body.items.length === 0) terminal.out(emptyText(filter));
  else terminal.out(table([HEAD, ...body.items.map(columns)]));
  if (!json) terminal.err(hints(body));
  if (events) return followInbox(api, events, filter, { json, out: terminal.out });
  return 0;
}
