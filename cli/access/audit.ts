import { writeFileSync } from 'node:fs';
import type { AuditAct, AuditPage } from '../../contracts/audit.ts';
import { Span } from '../../contracts/span.ts';
import { connect } from '../api-connection.ts';
import { type Terminal, UsageError } from '../command.ts';
import { cell, jsonLine, table } from '../text.ts';

export interface AuditOptions {
  since: string | undefined;
  limit: string | undefined;
  export: string | undefined;
  json: boolean;
}

const SHOWN = 50;
const PAGE = 200;

function limitOf({ limit, export: file }: AuditOptions): number {
  if (limit === undefined) return file === undefined ? SHOWN : Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,6}$/.test(limit)) throw new UsageError('--limit takes a number from 1 to 9999999');
  return Number(limit);
}

/** The newest acts, page by page, and the first fault that a page reports. */
async function read(options: AuditOptions, terminal: Terminal): Promise<{ items: AuditAct[]; fault: string | null }> {
  const { since } = options;
  if (since !== undefined && !Span.safeParse(since).success)
    throw new UsageError('--since takes a span, as 90min, 24h or 30d');
  const limit = limitOf(options);
  const api = await connect(terminal, 'admin');
  const items: AuditAct[] = [];
  let fault: string | null = null;
  for (let before: number | null = null; items.length < limit; ) {
    const query = new URLSearchParams({ limit: String(Math.min(PAGE, limit - items.length)) });
    if (before !== null) query.set('before', String(before));
    if (since !== undefined) query.set('since', since);
    const { body } = await api.call<AuditPage>({ method: 'GET', path: `/audit?${query}` });
    items.push(...body.items);
    fault ??= body.fault;
    before = body.next;
    if (before === null) break;
  }
  return { items, fault };
}

const from = ({ surface, address }: AuditAct): string =>
  surface === null ? '-' : address === null ? surface : `${surface} ${address}`;

const who = ({ actor, key_id }: AuditAct): string =>
  actor === null ? 'the terminal' : key_id === null ? actor : `${actor} (${key_id})`;

const inWords = (details: AuditAct['details']): string =>
  Object.entries(details)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');

const row = (act: AuditAct): string[] => [
  String(act.number),
  act.at,
  cell(act.authentic ? act.kind : `NOT AUTHENTIC ${act.kind}`, 40),
  cell(act.subject ?? '-', 32),
  cell(who(act), 64),
  cell(from(act), 48),
  cell(inWords(act.details) || '-', 80),
];

/** Writes a new file: an earlier export is evidence, and is not overwritten. */
function writeNew(file: string, acts: readonly AuditAct[]): void {
  try {
    writeFileSync(file, acts.map(jsonLine).join(''), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw new UsageError(`--export ${file}: ${(error as Error).message}`);
  }
}

/** Prints or exports the administrative acts. Returns 1 if their chain does not verify. */
export async function auditTrail(options: AuditOptions, terminal: Terminal): Promise<0 | 1> {
  const { items, fault } = await read(options, terminal);
  if (options.export !== undefined) {
    writeNew(options.export, items.toReversed());
    terminal.err(`${items.length} acts are in ${options.export}.\n`);
  }
  if (options.json) terminal.out(jsonLine({ items, fault }));
  else if (options.export === undefined) {
    const titles = ['NUMBER', 'TIME', 'ACT', 'ABOUT', 'BY', 'FROM', 'DETAILS'];
    terminal.out(table([titles, ...items.map(row)]));
  }
  if (fault === null) return 0;
  terminal.err(`The chain of administrative acts does not verify: ${cell(fault, 400)}.\n`);
  return 1;
}
