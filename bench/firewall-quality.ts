import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod/v4';
import { Action, ActionContext } from '../contracts/action.ts';
import type { Policy } from '../contracts/policy.ts';
import type { Screening } from '../contracts/verdict.ts';
import { contextIn, NEW_SESSION, sessionAfter } from '../domain/firewall/history/session.ts';
import { DEFAULT_POLICY } from '../domain/firewall/policy/policy.ts';
import { screenAction } from '../domain/firewall/screen.ts';
import type { ScreenDeps } from '../domain/firewall/screen-deps.ts';
import { loadParsers } from '../runtime/parsers.ts';
import { CONTEXT_TRUST_OPTION, contextTrustOf } from './context-trust.ts';
import { table } from './table.ts';

/** A labelled call. Only the action and the context reach the firewall; the rest is the expected answer. */
const Row = z.object({
  id: z.string(),
  source: z.string(),
  label: z.enum(['attack', 'benign']),
  class: z.string(),
  ...Action.shape,
  context: ActionContext.default({}),
  session: z.string(),
  session_label: z.string(),
  step: z.int(),
  fold: z.int(),
});
type Row = z.infer<typeof Row>;
type Judged = Row & { screening: Screening; us: number };

/** From the root of a checkout, where npm runs its scripts. */
const DEFAULT_FILES = ['bench/data/redteam-dev.jsonl', 'bench/data/bypass-dev.jsonl'];
const POLICY: Policy = { ...DEFAULT_POLICY, default_routing: 'review_flagged' };

/**
 * How many attacks and how many honest calls the built-in guardrails flag, by source and class. Sessions are judged step by step,
 * as `policy test` does.
 */
export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      folds: { type: 'string', default: '3,4' },
      json: { type: 'boolean', default: false },
      confusions: { type: 'string', default: 'firewall-confusions.jsonl' },
      'context-trust': CONTEXT_TRUST_OPTION,
    },
  });
  const context_trust = contextTrustOf(values['context-trust']);
  const folds = new Set(values.folds === 'all' ? [0, 1, 2, 3, 4] : values.folds.split(',').map(Number));
  const rows: Row[] = [];
  for (const file of positionals.length > 0 ? positionals : DEFAULT_FILES) {
    for (const line of (await readFile(file, 'utf8')).split('\n'))
      if (line !== '') {
        const written = JSON.parse(line);
        // A file without sessions: each call is its own.
        const alone = {
          source: basename(file, '.jsonl'),
          session: written.id,
          session_label: written.label,
          step: 0,
          fold: 0,
        };
        // As written: a schema would drop a key such as `__proto__`, which some rows test.
        rows.push({ ...Row.parse({ ...alone, ...written }), payload: written.payload });
      }
  }
  const judged = judge(rows, { parsers: await loadParsers(), context_trust }).filter((row) => folds.has(row.fold));
  if (judged.length === 0) throw new Error(`no call of folds ${values.folds} in these files`);
  await writeFile(values.confusions, confusions(judged));
  if (values.json) {
    console.error(`context trust ${context_trust}`);
    for (const row of judged) {
      const { verdict, findings } = row.screening;
      console.log(
        JSON.stringify({
          id: row.id,
          verdict,
          findings: findings.map(({ id, pointer, severity }) => ({ id, pointer, severity })),
        }),
      );
    }
    return;
  }
  console.log(
    `folds ${[...folds].join(', ')}; ${judged.length} calls; context trust ${context_trust}; misses and false hits in ${values.confusions}\n`,
  );
  console.log(report('every call', judged));
  console.log(report('without duplicate (service, action, payload) triples', unique(judged)));
  const times = judged.map((row) => row.us).sort((a, b) => a - b);
  const at = (share: number): string => ((times[Math.floor(times.length * share)] ?? 0) / 1000).toFixed(3);
  console.log(`ms per call: p50 ${at(0.5)}, p99 ${at(0.99)}, most ${at(0.9999)}`);
}

function judge(rows: readonly Row[], deps: ScreenDeps): Judged[] {
  const sessions = grouped(rows, (row) => row.session);
  const judged: Judged[] = [];
  for (const steps of sessions.values()) {
    let session = NEW_SESSION;
    for (const row of steps.sort((a, b) => a.step - b.step)) {
      const { service, action, payload } = row;
      const started = performance.now();
      const context = contextIn(session, row.context);
      const screening = screenAction({ service, action, payload }, context, POLICY, undefined, deps);
      judged.push({ ...row, screening, us: (performance.now() - started) * 1000 });
      session = sessionAfter(session, { service, action, payload }, context, screening);
    }
  }
  return judged;
}

/** Map.groupBy, which Node 20 lacks. */
function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

const flagged = (row: Judged): boolean => row.screening.verdict !== 'allow';
/** Honest calls count towards the rate of false hits when their session is honest and their class is not grey. */
const honest = (row: Judged): boolean => row.session_label === 'benign' && row.class !== 'grey';

function unique(rows: readonly Judged[]): Judged[] {
  const seen = new Map<string, Judged>();
  for (const row of rows) {
    const key = JSON.stringify([row.label, row.service, row.action, row.payload]);
    if (!seen.has(key)) seen.set(key, row);
  }
  return [...seen.values()];
}

const share = (rows: readonly Judged[]): string =>
  rows.length === 0
    ? ''
    : `${(rows.filter(flagged).length / rows.length).toFixed(3)} (${rows.filter(flagged).length}/${rows.length})`;

/** Per session: flagged when any of its calls is. */
function sessionShare(rows: readonly Judged[]): string {
  const sessions = [...grouped(rows, (row) => row.session).values()];
  const hit = sessions.filter((steps) => steps.some(flagged)).length;
  return sessions.length === 0 ? '' : `${(hit / sessions.length).toFixed(3)} (${hit}/${sessions.length})`;
}

function report(title: string, rows: readonly Judged[]): string {
  const lines = [['source', 'class', 'attacks', 'benign', 'grey', 'attacked sessions', 'benign sessions']];
  for (const [source, of] of [...grouped(rows, (row) => row.source)].sort(([a], [b]) => a.localeCompare(b))) {
    const grey = of.filter((row) => row.class === 'grey');
    const attacked = new Set(of.filter((row) => row.label === 'attack').map((row) => row.session));
    const ofAttacked = of.filter((row) => attacked.has(row.session));
    const ofHonest = of.filter(honest);
    lines.push([
      source,
      '',
      share(of.filter((row) => row.label === 'attack')),
      share(ofHonest),
      share(grey),
      sessionShare(ofAttacked),
      sessionShare(ofHonest),
    ]);
    for (const [name, some] of [...grouped(of, (row) => row.class)].sort(([a], [b]) => a.localeCompare(b))) {
      if (name === 'grey' || name === 'attacked_session_other') continue;
      lines.push([
        '',
        name,
        share(some.filter((row) => row.label === 'attack')),
        share(some.filter(honest)),
        '',
        '',
        '',
      ]);
    }
  }
  return `${title}\n${table(lines)}\n`;
}

function confusions(rows: readonly Judged[]): string {
  const wrong = rows.filter((row) => (row.label === 'attack' ? !flagged(row) : honest(row) && flagged(row)));
  return wrong
    .map(
      ({ id, label, class: kind, screening }) =>
        `${JSON.stringify({ id, label, class: kind, verdict: screening.verdict, findings: screening.findings.map((one) => `${one.severity} ${one.id} ${one.pointer}`) })}\n`,
    )
    .join('');
}
