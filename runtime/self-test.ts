import { setTimeout as after } from 'node:timers/promises';
import type { Action } from '../contracts/action.ts';
import { PREDICATE_TYPE, STATEMENT_TYPE, type Statement } from '../contracts/receipt.ts';
import { newKey, seal, unseal } from '../crypto/envelope.ts';
import { sha256 } from '../crypto/sha256.ts';
import type { Signer } from '../crypto/signing.ts';
import { payloadDigest, SALT_BYTES } from '../domain/digest.ts';
import { DEFAULT_POLICY, type ScreenDeps, screenAction } from '../domain/firewall/index.ts';
import { parseGuarded } from '../domain/json/guard.ts';

/** A check gave a wrong result. The process must not serve. */
export class SelfTestFailed extends Error {
  override readonly name = 'SelfTestFailed';
}

/**
 * After a hundred rounds the JavaScript engine has compiled the code of a call, so that the first calls are not the slowest. One proves what all
 * prove, so an api listens after ten.
 */
export const ROUNDS = { before: 10, after: 90 };
/** Until a worker that starts beside the api has loaded its code, and between rounds, for the calls of others. */
const PAUSES_MS = { first: 2_000, between: 20 };

const REINSTALL = 'The process does not start: install this release again.';

const POLICY = { ...DEFAULT_POLICY, default_routing: 'review_flagged' as const };
const NOTE =
  'Spoke to the customer on the phone: the parcel of last week came back to us, so the second half of the order is still open. ';

/** What the firewall must find in these calls, in every release. Without a finding it must allow the call. */
const CALLS: readonly (readonly [finding: string | undefined, Action])[] = [
  ['egress/metadata', call('infra', 'http_request', { url: 'http://169.254.169.254/latest/meta-data/' })],
  ['shell/destructive', call('ops', 'run_shell', { command: 'rm -rf /' })],
  ['sql/unbounded', call('data', 'run_sql', { query: 'DELETE FROM customers' })],
  [undefined, call('support', 'add_comment', { ticket: 4_711, tags: ['returns'], note: NOTE.repeat(6) })],
  [undefined, call('support', 'find_ticket', { page: 2, closed: false, text: 'parcel' })],
];

function call(service: string, action: string, payload: Record<string, unknown>): Action {
  return { service, action, payload };
}

/** With a salt of zeros: SHA-256 of 32 zero bytes and of {"action":"refund","payload":{"amount":10},"service":"billing"}. */
const DIGEST = 'sha256:d8666d3bb468b1f6f48a74bfd0773769a27f00a25b1b68105f4c8cdb1a18963f';

const STATEMENT: Statement = {
  _type: STATEMENT_TYPE,
  subject: [{ name: 'request:self-test', digest: { sha256: DIGEST.slice('sha256:'.length) } }],
  predicateType: PREDICATE_TYPE,
  predicate: {
    project: 'self-test',
    agent: 'self-test',
    service: 'billing',
    action: 'refund',
    outcome: 'rejected',
    cause: 'firewall',
    requested: { payload_digest: DIGEST, at: '2026-01-01T00:00:00.000Z' },
    decided: { at: '2026-01-01T00:00:00.000Z', channel: 'firewall' },
    policy: { digest: DIGEST, version: 0, verdict: 'block', findings: [] },
    expires: '2026-01-01T00:00:00.000Z',
  },
};

/**
 * Runs before a process serves: the firewall holds what it must hold, a known payload has its known digest, a sealed value
 * opens again, and an altered one does not. 2 ms a round.
 * @throws SelfTestFailed
 */
export async function selfTest(deps: ScreenDeps, signer: Signer, rounds = 1): Promise<void> {
  const key = newKey();
  for (let round = 0; round < rounds; round++) {
    for (const [finding, action] of CALLS) checkScreening(deps, finding, action);
    for (const hash of [undefined, sha256]) {
      const digest = payloadDigest(new Uint8Array(SALT_BYTES), call('billing', 'refund', { amount: 10 }), hash);
      if (digest !== DIGEST)
        throw new SelfTestFailed(`the digest of a known payload is ${digest}, not ${DIGEST}. ${REINSTALL}`);
    }
    await signer.sign(STATEMENT);
    await checkSealing(key, round);
  }
}

/**
 * The rounds of an api that listens already. A wrong result is not handled by the caller: it ends the process as an uncaught error. Without a
 * database the key cannot be asked for, and nothing was found out.
 * @throws SelfTestFailed
 */
export async function selfTestAfter(
  deps: ScreenDeps,
  signer: Signer,
  ended: AbortSignal,
  pausesMs = PAUSES_MS,
): Promise<void> {
  for (let round = 0; round < ROUNDS.after; round++) {
    await after(round === 0 ? pausesMs.first : pausesMs.between, undefined, { ref: false });
    if (ended.aborted) return;
    await selfTest(deps, signer).catch((error: unknown) => {
      if (error instanceof SelfTestFailed) throw error;
    });
  }
}

function checkScreening(deps: ScreenDeps, finding: string | undefined, action: Action): void {
  const guarded = parseGuarded(JSON.stringify(action));
  if (!guarded.ok) throw new SelfTestFailed(`a valid body is refused: ${guarded.reason}. ${REINSTALL}`);
  const { verdict, findings } = screenAction(guarded.value as Action, {}, POLICY, undefined, deps);
  const isRight =
    finding === undefined ? verdict === 'allow' : verdict === 'hold' && findings.some(({ id }) => id === finding);
  if (isRight) return;
  const [found, wanted] = [findings.map(({ id }) => id).join(', ') || 'nothing', finding ?? 'nothing'];
  throw new SelfTestFailed(
    `the firewall finds ${found} in ${action.service}/${action.action} and its verdict is ${verdict}; it must find ${wanted}. ${REINSTALL}`,
  );
}

async function checkSealing(key: Uint8Array, round: number): Promise<void> {
  const plain = Buffer.from(NOTE);
  const sealed = await seal(key, ['self-test', round], plain);
  if (Buffer.compare(await unseal(key, ['self-test', round], sealed), plain) !== 0)
    throw new SelfTestFailed(`a sealed value opens as another value. ${REINSTALL}`);
  if (round > 0) return;
  sealed[sealed.length - 1]! ^= 1;
  const opened = await unseal(key, ['self-test', round], sealed).catch(() => undefined);
  if (opened !== undefined) throw new SelfTestFailed(`a sealed value that was altered still opens. ${REINSTALL}`);
}
