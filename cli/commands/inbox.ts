import { parseArgs } from 'node:util';
import {
  type ApprovalRequestDetail,
  type ApprovalRequestPage,
  type ApprovalRequestSummary,
  REQUEST_STATUSES,
} from '../../contracts/approval-request.ts';
import type { ApprovalEvent } from '../../contracts/events.ts';
import { type ApiConnection, connect } from '../api-connection.ts';
import { type Command, type Terminal, UsageError } from '../command.ts';
import { follow } from '../event-stream.ts';
import { cell, jsonLine, relative, table } from '../text.ts';

const OPTIONS = {
  status: { type: 'string', default: 'pending' },
  service: { type: 'string' },
  action: { type: 'string' },
  thread: { type: 'string' },
  limit: { type: 'string' },
  cursor: { type: 'string' },
  json: { type: 'boolean', default: false },
  follow: { type: 'boolean', default: false },
} as const;

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
const hints = ({ items, next }: ApprovalRequestPage): string =>
  [
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

export const inbox: Command = {
  summary: 'list approval requests',
  usage: [
    'usage: letsping inbox [--status STATUS|all] [--service NAME] [--action NAME] [--thread ID]',
    '                      [--limit N] [--cursor TEXT] [--follow] [--json]',
    '',
    'Lists pending requests, newest first. With --follow it then prints changes until Ctrl-C; with --follow --json it prints',
    'one JSON document per line.',
    '',
    `  --status  ${REQUEST_STATUSES.join(', ')} or all; default: pending`,
  ].join('\n'),
  run: async (args, terminal) => {
    const { values } = parseArgs({ args, options: OPTIONS });
    const { status, service, action, thread } = values;
    if (status !== 'all' && !(REQUEST_STATUSES as readonly string[]).includes(status)) {
      throw new UsageError(`--status takes ${REQUEST_STATUSES.join(', ')} or all`);
    }
    if (values.limit !== undefined && !/^[1-9]\d{0,2}$/.test(values.limit))
      throw new UsageError('--limit takes a number from 1 to 200');
    const filter: Filter = {
      ...(status !== 'all' && { status }),
      ...(service !== undefined && { service }),
      ...(action !== undefined && { action }),
      ...(thread !== undefined && { thread_id: thread }),
    };
    const query = new URLSearchParams({
      ...filter,
      ...(values.limit !== undefined && { limit: values.limit }),
      ...(values.cursor !== undefined && { cursor: values.cursor }),
    });
    const api = await connect(terminal);
    const events = values.follow ? await follow(api, terminal.err) : undefined;
    const { body } = await api.call<ApprovalRequestPage>({ method: 'GET', path: `/approval-requests?${query}` });
    if (values.json) terminal.out(jsonLine(body));
    else if (body.items.length === 0) terminal.out(emptyText(filter));
    else terminal.out(table([HEAD, ...body.items.map(columns)]));
    if (!values.json) terminal.err(hints(body));
    if (events) return followInbox(api, events, filter, { json: values.json, out: terminal.out });
    return 0;
  },
};
