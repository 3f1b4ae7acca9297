import { createRig, type Rig } from '../../../faults/rig.ts';
import { openReceipt } from '../../../oracle/canonical.ts';
import { type Counter, decide, detail, judged, type Opened, openHeld, pause, resolved } from '../../suite.ts';

/** No unsigned signals, and two people for a wider patch: what these attackers meet in a project that trusts nobody in the namespace. */
export const ADVERSARY_POLICY = {
  default_routing: 'review_flagged',
  routes: [
    { service: 'strict-agent', action: '*', routing: 'review_all', block: ['egress/metadata'] },
    { service: 'billing-agent', action: '*', routing: 'review_all' },
    { service: 'auto', action: '*', routing: 'review_flagged' },
  ],
  allowed_domains: ['yourco.com'],
  widening_patches: 'second_approver',
  resume_task_queue: 'office-agents',
};

/** Without held reads: these suites read the status of one request many times. */
export const adversaryRig = (say: (line: string) => void): Promise<Rig> =>
  createRig({ policy: ADVERSARY_POLICY, say, env: { LETSPING_STATUS_HOLD_MS: '0' } });

/** An honest answer within seconds, on two busy cores. */
const PROMPT_MS = 10_000;
/** A refusal is asynchronous: a message first reaches the workflow. */
const INCIDENT_MS = 8_000;

const receiptOf = (rig: Rig, id: string) =>
  rig.call(rig.approver_api_key, 'GET', `/api/approval-requests/${id}/receipt`);

/** Counts attempts per class, and checks after each what must hold for a request whatever an attacker sent. */
export class Attempts {
  readonly #classes = new Map<string, number>();
  /** Every attacked request: workflows of these may have several runs. */
  readonly ids: string[] = [];
  readonly rig: Rig;
  readonly count: Counter;
  constructor(rig: Rig, count: Counter) {
    this.rig = rig;
    this.count = count;
  }

  tried(kind: string, times = 1): void {
    this.#classes.set(kind, (this.#classes.get(kind) ?? 0) + times);
  }

  get total(): number {
    return [...this.#classes.values()].reduce((sum, times) => sum + times, 0);
  }

  summary(): string {
    return `${this.total} attempts: ${[...this.#classes].map(([kind, times]) => `${times} × ${kind}`).join(', ')}`;
  }

  async held(extra: object = {}): Promise<Opened> {
    const opened = await openHeld(this.rig, extra);
    this.ids.push(opened.id);
    return opened;
  }

  async incidents(id: string): Promise<string[]> {
    return (await this.rig.sql('select kind from incidents where request_id = $1', [id])).map(({ kind }) => kind);
  }

  /** The attack changed nothing: no ledger row, and every reader is answered `pending`. */
  async pending(what: string, { id }: Opened): Promise<void> {
    const { rig, count } = this;
    const rows = await rig.sql('select status, cause from ledger where request_id = $1', [id]);
    const { status } = await detail(rig, id);
    const told = (await rig.call(rig.agent_api_key, 'GET', `/api/status/${id}`)).body?.status;
    count.check(
      rows.length === 0 && status === 'pending' && told === 'PENDING',
      () => `${what}: ledger ${JSON.stringify(rows)}, shown ${status}, agent answered ${told} (${id})`,
    );
  }

  /** One of these incidents was stored. */
  alarmed(what: string, target: Opened, ...kinds: string[]): Promise<void> {
    return this.alarmedWithin(INCIDENT_MS, what, target, ...kinds);
  }

  async alarmedWithin(ms: number, what: string, { id }: Opened, ...kinds: string[]): Promise<void> {
    let found: string[] = [];
    for (const end = Date.now() + ms; ; await pause(100)) {
      found = await this.incidents(id);
      if (kinds.some((kind) => found.includes(kind)) || Date.now() > end) break;
    }
    this.count.check(
      kinds.some((kind) => found.includes(kind)),
      () => `${what}: no incident ${kinds.join(' or ')}, only ${found.join(', ') || 'none'} (${id})`,
    );
  }

  /** An approver decides through the api, is answered at once, and it counts. */
  async honest(what: string, { id, payload_digest }: Opened, key = this.rig.approver_api_key): Promise<void> {
    const { rig, count } = this;
    const from = Date.now();
    const answer = await decide(rig, id, { type: 'approve', payload_digest }, key);
    const ms = Date.now() - from;
    count.check(
      answer.status === 201 && answer.body.outcome?.status === 'approved' && ms <= PROMPT_MS,
      () =>
        `${what}: an honest approval was answered ${answer.status} after ${ms} ms: ${answer.text.slice(0, 200)} (${id})`,
    );
    if (answer.status === 201)
      rig.oracle.answers.push({
        request_id: id,
        what: 'decided',
        outcome: answer.body.outcome,
        decision_id: answer.body.decision_id,
      });
  }

  /** The request gets this outcome by itself. */
  async settled(what: string, { id }: Opened, status: string): Promise<void> {
    const end = await resolved(this.rig, id);
    this.count.check(end?.status === status, () => `${what}: ${end?.status ?? 'pending'} instead of ${status} (${id})`);
  }

  /** The stored receipt verifies offline, states this outcome, and names these people and nobody else. */
  async receipt(what: string, { id }: Opened, outcome: string, people: readonly string[]): Promise<void> {
    const { rig, count } = this;
    const { keys } = (await rig.call('', 'GET', '/.well-known/jwks.json')).body;
    const answer = await receiptOf(rig, id);
    const said = openReceipt(String(answer.body).trim(), keys)?.['predicate'];
    const named = said?.decided?.by ?? [];
    count.check(
      said?.outcome === outcome && JSON.stringify(named) === JSON.stringify(people),
      () => `${what}: the receipt says ${said?.outcome ?? answer.status} by ${JSON.stringify(named)} (${id})`,
    );
  }

  /** The oracle finds no violation for all attacked requests. Their histories may contain several runs. */
  judged(withinMs?: number): Promise<void> {
    return judged(this.rig, this.count, { ids: this.ids, tampered: this.ids }, withinMs);
  }
}

/** Runs an attacker's steps. One that stops is a failure and does not keep the others from running. */
export async function attacked(
  { count }: Attempts,
  steps: Record<string, () => Promise<void>>,
  say: (line: string) => void,
  only?: string,
): Promise<void> {
  for (const [name, step] of Object.entries(steps)) {
    if (only !== undefined && !name.includes(only)) continue;
    const from = Date.now();
    await step().catch((error: Error) => count.fail(`${name} stopped: ${error.stack ?? error}`));
    say(`${name}: ${((Date.now() - from) / 1000).toFixed(0)} s`);
  }
}
