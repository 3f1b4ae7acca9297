import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { BenchSystem } from './bench-system.ts';
import { pause } from './timing.ts';

/** Ids are shorter; sealed values are cut. */
const SETTINGS = {
  log_line_prefix: '%p|%a|',
  log_parameter_max_length: '200',
  log_statement: 'all',
};
const RELOADED_MS = 500;
/** The application name of a listener's connection (`storage/db/events.ts`). */
const LISTENER = 'letsping events';

/** Committed transactions that name one of our requests. */
export interface Counted {
  /** Of api and worker, without the notices. */
  transactions: number;
  /** Those that send notices and do nothing else. They write nothing, so nothing is flushed. */
  notices: number;
  /** Of the listeners, which read the rows that notices are about. */
  listeners: number;
}

/**
 * Counts transactions from PostgreSQL's own log of statements and their parameters, so that what api and worker do in any case, by the
 * second and not by the request, is left out. The log makes everything slower: only counts are taken meanwhile.
 */
export async function countTransactions(
  system: BenchSystem,
  logFile: string,
  work: () => Promise<ReadonlySet<string>>,
): Promise<Counted> {
  const { owner } = system;
  const reload = async () => {
    await owner.query('select pg_reload_conf()');
    await pause(RELOADED_MS);
  };
  for (const [name, value] of Object.entries(SETTINGS)) await owner.query(`alter system set ${name} = '${value}'`);
  try {
    await reload();
    const from = statSync(logFile).size;
    const ids = await work();
    await pause(RELOADED_MS);
    return counted(await textFrom(logFile, from), ids);
  } finally {
    for (const name of Object.keys(SETTINGS)) await owner.query(`alter system reset ${name}`);
    await reload();
  }
}

async function textFrom(path: string, position: number): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer } = await file.read({ buffer: Buffer.alloc(size - position), position });
    return buffer.toString('utf8');
  } finally {
    await file.close();
  }
}

const RECORD = /^(\d+)\|([^|]*)\|([A-Z]+): {2}/;
const REQUEST_ID = /req_[0-9a-z]{26}/g;

interface Transaction {
  application: string;
  isBlock: boolean;
  isNamed: boolean;
  isNotice: boolean;
}

/** A record of the log begins with our prefix; its other lines follow. The parameters of a statement are the record after it. */
function counted(text: string, ids: ReadonlySet<string>): Counted {
  const total: Counted = { transactions: 0, notices: 0, listeners: 0 };
  const open = new Map<string, Transaction>();
  const close = (process: string) => {
    const ended = open.get(process);
    open.delete(process);
    if (!ended?.isNamed) return;
    if (ended.application === LISTENER) total.listeners += 1;
    else if (ended.isNotice) total.notices += 1;
    else total.transactions += 1;
  };
  const one = (record: string) => {
    const [head, process, application, kind] = RECORD.exec(record) ?? [];
    if (head === undefined || process === undefined || application === undefined) return;
    const said = record.slice(head.length);
    const isNamed = (said.match(REQUEST_ID) ?? []).some((id) => ids.has(id));
    const current = open.get(process);
    if (kind === 'DETAIL') {
      if (current) current.isNamed ||= isNamed;
      return;
    }
    const sql = /^(?:statement|execute [^:]*): (.*)/s.exec(said)?.[1];
    if (sql === undefined) return;
    if (/^(?:commit|rollback)/i.test(sql)) {
      if (/^rollback/i.test(sql)) open.delete(process);
      close(process);
      return;
    }
    if (current && !current.isBlock) close(process); // it was alone, and its parameters have been read
    if (current?.isBlock) current.isNamed ||= isNamed;
    else
      open.set(process, {
        application,
        isBlock: /^begin/i.test(sql),
        isNamed,
        isNotice: /^select pg_notify/.test(sql),
      });
  };
  let record = '';
  for (const line of text.split('\n')) {
    if (RECORD.test(line)) {
      one(record);
      record = line;
    } else record += `\n${line}`;
  }
  one(record);
  for (const [process, { isBlock }] of open) if (!isBlock) close(process);
  return total;
}
