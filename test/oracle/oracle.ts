import { existsSync, readFileSync } from 'node:fs';
import { digestOf, openReceipt } from './canonical.ts';
import { type Histories, type History, openHistories } from './histories.ts';
import type { Invariant } from './invariants.ts';
import { type Rows, readRows } from './rows.ts';

/**
 * The oracle checks a deployment from the outside, after a run. It shares no code with the product: it uses its own SQL as the owner of
 * the tables, literal workflow names, and its own digest and signature check. It knows the answers to clients and the effects of agents.
 */
/** One answer that a client got. */
export interface AnswerSeen {
  request_id: string;
  what: 'opened' | 'decided' | 'executed';
  /** The idempotency key of an opened request. */
  key?: string;
  outcome?: { status: string; cause: string };
  decision_id?: string;
}

export interface Violation {
  /** `oracle`: the audit itself failed. `outcome`, `process`: found by the driver of a suite. */
  invariant: Invariant | 'oracle' | 'outcome' | 'process';
  request_id: string;
  what: string;
}

export interface OracleOptions {
  database_url: string;
  temporal_address: string;
  namespace: string;
  projects: string[];
  /** Reads a request as an approver, which proves that its sealed values still open. */
  read?: (request_id: string) => Promise<any>;
  /** The agents' effects as JSON lines; `key` is the request's id. */
  effects_file?: string;
  journal_file?: string;
}

/** Limits the audit to these requests; absent: all. `tampered` lists requests whose workflow was ended or reset by hand. */
export interface Scope {
  ids?: string[];
  tampered?: string[];
}

export interface Oracle {
  readonly answers: AnswerSeen[];
  /** All current violations. `atRest`: all work has ended, so nothing may be open. */
  audit(scope?: Scope): Promise<Violation[]>;
  /** Audits until there are no violations, or the time is over; resolves to the remaining violations and the duration. */
  settle(scope: Scope, withinMs: number): Promise<{ violations: Violation[]; ms: number }>;
  histories: Histories;
  rows(): Promise<Rows>;
  close(): Promise<void>;
}

/** A Signal enters the history before the workflow task that answers it. */
const TASK_MS = 6_000;
const TERMINAL = ['approved', 'rejected', 'expired', 'cancelled'];

const lines = (file: string | undefined): any[] =>
  file && existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    : [];

const sameOutcome = (ledger: any, said: any): boolean =>
  said?.status === ledger.status &&
  said?.cause === ledger.cause &&
  (said.payload_digest === undefined || said.payload_digest === ledger.payload_digest) &&
  (said.decision_id ?? null) === ledger.decision_id;

export async function openOracle(options: OracleOptions): Promise<Oracle> {
  const histories = await openHistories(options.temporal_address, options.namespace);
  const answers: AnswerSeen[] = [];
  /** Receipts by request id, because a resolution never changes. */
  const receipts = new Map<string, string>();

  async function audit({ ids, tampered = [] }: Scope = {}): Promise<Violation[]> {
    const rows = await readRows(options.database_url, options.projects);
    const found: Violation[] = [];
    const wanted = (id: string) => ids === undefined || ids.includes(id);
    const say = (invariant: Invariant, request_id: string, what: string) => {
      if (wanted(request_id)) found.push({ invariant, request_id, what });
    };
    const ledger = new Map<string, any>(rows.ledger.map((row) => [row.request_id, row]));
    const runs = ids === undefined ? await histories.runs('approvalV1') : undefined;

    // Acknowledged means a row, held means exactly one workflow; one key is one request.
    const byKey = new Map<string, string>();
    for (const { request_id, what, key } of answers) {
      if (what !== 'opened') continue;
      if (!rows.requests.some((row) => row.id === request_id)) say('kept', request_id, 'acknowledged, but no row');
      if (key === undefined) continue;
      const other = byKey.get(key);
      if (other !== undefined && other !== request_id) say('kept', request_id, `one key, two requests: also ${other}`);
      byKey.set(key, request_id);
    }
    for (const [id, count] of runs ?? [])
      if (count > 1 && !tampered.includes(id.slice('approval/'.length)))
        say('kept', id.slice('approval/'.length), `${count} workflows`);

    const requests = rows.requests.filter(({ id }) => wanted(id));
    for (let at = 0; at < requests.length; at += 20)
      await Promise.all(
        requests.slice(at, at + 20).map(async (request) => {
          const history = request.verdict === 'hold' ? await histories.of(`approval/${request.id}`) : undefined;
          await judge(request, ledger.get(request.id), history, rows, say, tampered.includes(request.id));
        }),
      );
    // Clients got the resolution of the ledger.
    for (const { request_id, what, outcome, decision_id } of answers) {
      const row = ledger.get(request_id);
      if (what === 'opened' || !wanted(request_id)) continue;
      if (!row) say('same resolution', request_id, `answered ${what}, but there is no resolution`);
      else if (outcome && (outcome.status !== row.status || outcome.cause !== row.cause))
        say('same resolution', request_id, `answered ${outcome.status}, ledger ${row.status}`);
      else if (decision_id !== undefined && row.decision_id !== decision_id)
        say('same resolution', request_id, 'the answer named another decision');
      const isDone = (claim: any) => claim.request_id === request_id && (claim.closed_as ?? claim.ended) === 'done';
      if (what === 'executed' && !rows.claims.some(isDone))
        say('same resolution', request_id, 'the execution was answered, and is not recorded');
    }
    return found;
  }

  async function judge(
    request: any,
    row: any,
    history: History | undefined,
    rows: Rows,
    say: (invariant: Invariant, id: string, what: string) => void,
    tampered: boolean,
  ): Promise<void> {
    const { id } = request;
    const isHeld = request.verdict === 'hold';
    if (isHeld && !history) say('kept', id, 'held, but no workflow');
    if (!isHeld && !row) say('kept', id, `${request.verdict} by the firewall, but not settled`);

    // One resolution, the same in history and ledger.
    if (history && !tampered) {
      for (const answer of [...history.answers, ...(history.result === undefined ? [] : [history.result])]) {
        if (!row) say('same resolution', id, 'the history has a resolution, the ledger none');
        else if (!sameOutcome(row, answer))
          say('same resolution', id, `history ${answer?.status}, ledger ${row.status}`);
      }
      if (row && history.status === 'RUNNING') say('same resolution', id, 'settled, but the workflow is open');
      if (!row && history.status !== 'RUNNING')
        say('same resolution', id, `the workflow is ${history.status}, but there is no resolution`);
    }

    // Ledger, statement, projection and outbox agree.
    if ((request.status !== 'pending') !== (row !== undefined))
      say('records agree', id, `shown ${request.status}, ledger ${row ? 'has' : 'lacks'} it`);
    const interrupt = rows.interrupts.find((found) => found.request_id === id);
    const delivery = rows.deliveries.filter((found) => found.request_id === id);
    if (row) {
      if (request.status !== row.status) say('records agree', id, `shown ${request.status}, ledger ${row.status}`);
      if (request.resolved_at?.getTime() !== row.resolved_at.getTime())
        say('records agree', id, 'projection and ledger have different times');
      const statement = openReceipt(row.receipt, rows.keys);
      if (!statement) say('records agree', id, 'the receipt does not verify');
      else {
        const p = statement['predicate'];
        const wrong =
          p.outcome !== row.status ||
          p.cause !== row.cause ||
          p.project !== request.project_id ||
          statement['subject'][0].name !== `request:${id}` ||
          statement['subject'][0].digest.sha256 !== row.payload_digest.slice(7) ||
          p.requested.payload_digest !== request.payload_digest ||
          (p.decided.decision_id ?? null) !== row.decision_id ||
          (p.executed?.payload_digest ?? undefined) !== (row.status === 'approved' ? row.payload_digest : undefined);
        if (wrong) say('records agree', id, 'statement and ledger differ');
      }
      if (interrupt && delivery.length !== 1) say('records agree', id, `${delivery.length} outbox rows for its thread`);
      if (receipts.has(id) && receipts.get(id) !== row.receipt) say('never changed', id, 'the receipt was changed');
      if (!receipts.has(id)) receipts.set(id, row.receipt);
    } else {
      if (receipts.has(id)) say('never changed', id, 'the ledger row is gone');
      if (delivery.length > 0) say('records agree', id, 'an outbox row without a resolution');
    }

    // The approved payload is the original or a patch, and only the approved payload was executed.
    const claims = rows.claims.filter((found) => found.request_id === id);
    for (const claim of claims)
      if (row?.status !== 'approved' || claim.payload_digest !== row.payload_digest)
        say('only approved', id, 'another payload was claimed or executed than the approved one');
    if (claims.filter((found) => (found.closed_as ?? found.ended) === 'done').length > 1)
      say('only approved', id, 'it was executed twice');
    const decision = row?.decision_id ? rows.decisions.find((found) => found.id === row.decision_id) : undefined;
    if (row?.cause === 'person' && row.verified) {
      const original = request.payload_digest;
      const patches = rows.decisions.filter((found) => found.request_id === id && found.type === 'patch');
      // The patch that waited for this decision, and the payload that may run after it.
      const answered = patches.find((found) => found.patched_digest === decision?.payload_digest);
      const runs =
        decision?.type === 'patch'
          ? decision.patched_digest
          : decision?.type === 'approve'
            ? decision.payload_digest
            : original;
      if (!decision) say('only approved', id, "a person's resolution without a decision");
      else if (
        decision.request_id !== id ||
        decision.actor !== row.actor ||
        runs !== row.payload_digest ||
        (decision.type === 'reject') !== (row.status === 'rejected') ||
        decision.actor === request.requested_by ||
        (decision.payload_digest !== original &&
          (decision.type === 'patch' || answered?.screening !== 'second_approver'))
      )
        say('only approved', id, 'the resolution differs from the decision');
      else if (decision.type === 'patch' && decision.screening !== 'accepted')
        say('only approved', id, 'a patch counts that the firewall did not accept');
      else if (decision.type === 'approve' && answered?.actor === decision.actor)
        say('only approved', id, 'one person patched and approved');
      const people = row.status === 'approved' && answered !== undefined ? [answered.actor, row.actor] : [row.actor];
      const named = openReceipt(row.receipt, rows.keys)?.['predicate'].decided.by;
      if (JSON.stringify(named) !== JSON.stringify(people)) say('only approved', id, 'the receipt names other people');
    } else if (row && row.payload_digest !== request.payload_digest)
      say('only approved', id, 'another digest without a patch');

    // An undecided request is never approved, and a decision in time is never expired.
    if (row) {
      const late = row.resolved_at.getTime() - request.expires_at.getTime();
      if (row.status === 'expired' && late < 0) say('in time', id, `expired ${-late} ms before its deadline`);
      if (row.cause === 'deadline' && row.status !== 'expired')
        say('in time', id, 'the deadline had another result than expired');
      // A person's decision counts by the time of its row, a bot's by that of its Signal.
      const taken = row.verified
        ? decision?.created_at.getTime()
        : history?.accepted.find((message) => message.decision_id === row.decision_id)?.at;
      const after = taken === undefined ? 0 : taken - request.expires_at.getTime() - (row.verified ? 0 : TASK_MS);
      if (row.cause === 'person' && taken !== undefined && after >= 0)
        say('in time', id, `a decision ${after} ms after the deadline counts`);
    }

    // The thread was notified, or its delivery is running; its effect happened once, and only if approved.
    const effects = lines(options.effects_file).filter(({ key }) => key === id).length;
    for (const { id: delivery_id, delivered_at, dead_at } of delivery) {
      if (dead_at) say('thread continued', id, 'its delivery is a dead letter');
      if (!delivered_at && (await histories.of(`delivery/${delivery_id}`))?.status !== 'RUNNING')
        say('thread continued', id, 'neither delivered nor in delivery');
    }
    if (effects > (row?.status === 'approved' ? 1 : 0))
      say('thread continued', id, `${effects} effects, resolution ${row?.status ?? 'open'}`);
    const journal = lines(options.journal_file).filter(({ request_id }) => request_id === id);
    for (const { saw } of journal)
      if (!row || String(saw).startsWith('APPROVED') !== (row.status === 'approved'))
        say('thread continued', id, `its agent got ${saw}, resolution ${row?.status ?? 'open'}`);
    if (options.journal_file && interrupt && row) {
      if (journal.length === 0) say('thread continued', id, 'its thread did not continue');
      if (row.status === 'approved' && effects !== 1)
        say('thread continued', id, `approved, but ${effects} effects of its thread`);
    }

    // The sealed values open, and match their digests.
    if (options.read) {
      const view = await options.read(id);
      const { service, action } = request;
      if (
        !view?.payload ||
        digestOf(view.digest_salt, { service, action, payload: view.payload }) !== request.payload_digest
      )
        say('opens', id, 'the sealed payload does not open or does not match its digest');
      const patched = view?.decision?.patched_payload;
      if (
        row &&
        patched &&
        digestOf(view.decision.digest_salt, { service, action, payload: patched }) !== row.payload_digest
      )
        say('opens', id, 'the sealed patch does not open or does not match its digest');
    }

    // No row belongs to another project.
    for (const other of [row, ...claims, decision, ...delivery, interrupt])
      if (other && other.project_id !== request.project_id) say('own project', id, 'a row of another project');
    if (history && !tampered && history.input?.project_id !== request.project_id)
      say('own project', id, 'a workflow of another project');
    if (!TERMINAL.includes(request.status) && request.status !== 'pending')
      say('records agree', id, `status ${request.status}`);
  }

  return {
    answers,
    audit,
    histories,
    rows: () => readRows(options.database_url, options.projects),
    async settle(scope, withinMs) {
      const from = Date.now();
      for (;;) {
        const violations = await audit(scope).catch((error: Error): Violation[] => [
          { invariant: 'oracle', request_id: '', what: error.message },
        ]);
        if (violations.length === 0 || Date.now() - from > withinMs) return { violations, ms: Date.now() - from };
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    },
    close: () => histories.close(),
  };
}
