import { hex } from '@scure/base';
import type { Priority } from '../contracts/action.ts';
import type { ExecutedAnswer, IngestAnswer, StatusAnswer } from '../contracts/approval-request.ts';
import { CLAIM_HEADER } from '../contracts/claim-header.ts';
import type { JsonObject } from '../contracts/json.ts';
import type { Claim, ClaimAnswer } from '../contracts/permit.ts';
import { type AskOptions, expiringWithWait, ingestBody, type RequestedAction, requestedAction } from './ask-options.ts';
import { clientSettings, NO_ENCRYPTION } from './base-url.ts';
import { type Decision, decisionOf } from './decision.ts';
import { LetsPingError, PermitRefusedError } from './errors.ts';
import { createHttp, type Http } from './http.ts';
import { type KnownMembers, refuseUnknownMembers } from './known-members.ts';
import { type HeldClaim, isOwnClaim, newClaimToken, runClaimed } from './permit.ts';
import { retrying } from './retry.ts';
import { type ApprovalTool, approvalTool } from './tool.ts';
import { READ_TIMEOUT_MS, type WaitOptions, waitForAnswer } from './wait.ts';

export interface LetsPingOptions {
  /** The server's root or its `…/api`. @default LETSPING_BASE_URL */
  baseUrl?: string;
  /** @default the platform's `fetch` */
  fetch?: typeof globalThis.fetch;
  /** How long a call is retried while the server is unreachable or busy, in milliseconds; the wait for a decision has its own limit. @default 30 seconds */
  retryForMs?: number;
}

/** Acts on the approved payload. */
export type Effect<T> = (payload: JsonObject, decision: Decision) => Promise<T> | T;

export interface ClaimOptions {
  /** The effect uses the request's id as its own idempotency key, so an unknown result may be claimed again. @default false */
  retryable?: boolean | undefined;
  /** Aborts the claim with the signal's reason; the effect and its report go on. */
  signal?: AbortSignal | undefined;
}

export interface RunOptions extends AskOptions {
  /**
   * The effect uses the request's id as its own idempotency key, so that an attempt whose result is unknown may be followed by another
   * one. Not in the published client. @default false
   */
  retryable?: boolean;
}

interface PostOptions {
  idempotencyKey?: string | undefined;
  /** Names the claim that the call is about. */
  token?: string | undefined;
  signal?: AbortSignal | undefined;
}

const ENCRYPTION_KEY = `encryptionKey: ${NO_ENCRYPTION}`;
const OPTIONS: KnownMembers & Record<keyof LetsPingOptions, true> = {
  baseUrl: true,
  fetch: true,
  retryForMs: true,
  encryptionKey: ENCRYPTION_KEY,
  encryption_key: ENCRYPTION_KEY,
};

const CALL_TIMEOUT_MS = 15_000;
const RETRY_FOR_MS = 30_000;

/**
 * Requests approval from a letsping-temporal server before an agent acts. Runs in Node, at the edge and in a browser.
 *
 * @example
 * const lp = new LetsPing(); // LETSPING_API_KEY, LETSPING_BASE_URL
 * const refund = { service: 'billing-agent', action: 'refund', payload: { charge: 'ch_1', amount_cents: 500 } };
 * await lp.run(refund, (approved) => payments.refund(approved));
 */
export class LetsPing {
  readonly #http: Http;
  readonly #environment: string | undefined;
  readonly #retryForMs: number;

  /** @throws LetsPingError `LETSPING_CONFIG` without a key or without an address, or with an option that nothing would read. */
  constructor(apiKey?: string, options: LetsPingOptions = {}) {
    refuseUnknownMembers(options, OPTIONS, 'LETSPING_CONFIG');
    const { baseUrl, fetch, retryForMs = RETRY_FOR_MS } = options;
    const { apiBase, environment, ...settings } = clientSettings(apiKey, baseUrl);
    this.#http = createHttp({ apiBase, apiKey: settings.apiKey, fetch });
    this.#environment = environment;
    this.#retryForMs = retryForMs;
  }

  /** Opens a request and waits for its decision; a rejection is a decision too. @throws LetsPingError */
  async ask(options: AskOptions): Promise<Decision> {
    const requested = requestedAction(options);
    const { id } = await this.#open(requested, expiringWithWait(options));
    return decisionOf(await this.#wait(id, options), requested);
  }

  /** Opens a request and returns at once; any process that has the id can wait for it. @throws LetsPingError */
  async defer(options: AskOptions): Promise<IngestAnswer> {
    return this.open(options);
  }

  /**
   * Waits for the decision of a request that was opened earlier, in this or another process.
   * @throws LetsPingError `LETSPING_TIMEOUT`, `LETSPING_DIGEST_MISMATCH`, …
   */
  async waitForDecision(id: string, options: WaitOptions = {}): Promise<Decision> {
    return decisionOf(await this.#wait(id, options));
  }

  /**
   * Requests approval, claims the permit, runs `effect` with exactly the approved payload, and reports how it ended. Nothing runs without
   * approval, and of several processes with one approval one acts.
   * @throws ApprovalRejectedError if it is not approved; PermitRefusedError if the permit cannot be claimed; ExecutionReportError if it
   * ran but the report was refused; and the errors of `effect`, of which `NotRun` says that it did not act.
   */
  async run<T>({ retryable = false, ...options }: RunOptions, effect: Effect<T>): Promise<T> {
    const requested = requestedAction(options);
    const token = newClaimToken();
    const { id, claim } = await this.#open(requested, expiringWithWait(options), { token, retryable });
    // What the policy allows at once is claimed by the call that opened it.
    const held = isOwnClaim(claim, token) ? this.#held(id, claim, token) : undefined;
    let decision: Decision;
    try {
      decision = decisionOf(await this.#wait(id, options), requested);
    } catch (error) {
      await held?.end('not_run').catch(() => {});
      throw error;
    }
    return runClaimed(effect, decision, held ?? (() => this.#claim(decision, token, { ...options, retryable })));
  }

  /**
   * Claims the permit of a decision, runs `effect` with exactly the approved payload, and reports how it ended: the second half of `run`.
   * @throws as `run`
   */
  async execute<T>(decision: Decision, effect: Effect<T>, options: ClaimOptions = {}): Promise<T> {
    return runClaimed(effect, decision, () => this.#claim(decision, newClaimToken(), options));
  }

  /**
   * Claims the permit of an approved request, for an effect that `execute` cannot wrap. Act only while you hold the claim, and end it.
   * @throws PermitRefusedError if the permit cannot be claimed; LetsPingError
   */
  async claim(
    decision: Pick<Decision, 'request_id' | 'payload_digest'>,
    options: ClaimOptions = {},
  ): Promise<HeldClaim> {
    return this.#claim(decision, newClaimToken(), options);
  }

  /** A tool for any agent framework: takes and returns text; a rejection starts with `STOP`. */
  tool(service: string, action: string, priority: Priority = 'medium'): ApprovalTool {
    return approvalTool((options) => this.ask(options), service, action, priority);
  }

  /** Reads a request's status once; the first read is answered at once. @throws LetsPingError */
  async getRequestStatus(id: string): Promise<StatusAnswer> {
    return this.getStatus(id);
  }

  /**
   * Checks a status answer, however it was received, and returns its decision: the payload that may run has the approved digest.
   * Give the requested action too if the process still has it: an unpatched payload must then equal it.
   * @throws LetsPingError `LETSPING_DIGEST_MISMATCH` if a check fails, `LETSPING_PENDING` while there is no decision.
   */
  decisionOf(answer: StatusAnswer, requested?: RequestedAction): Decision {
    return decisionOf(answer, requested);
  }

  /** Opens a request with an idempotency key: a repeat with the same key returns the same request. @throws LetsPingError */
  async open(options: AskOptions): Promise<IngestAnswer> {
    return this.#open(requestedAction(options), options);
  }

  /** The same; `signal` aborts it. The server holds a repeated read of a pending request for up to 20 seconds. */
  async getStatus(id: string, { signal }: Pick<WaitOptions, 'signal'> = {}): Promise<StatusAnswer> {
    return retrying(() => this.#read(id, READ_TIMEOUT_MS, signal), { forMs: this.#retryForMs, signal });
  }

  /**
   * Reports that the approved payload was executed, by a caller that did not claim the permit: nothing stops two of these from acting. The
   * server accepts one report: a second one is refused with `problemCode` `executed_already`, another digest with `digest_mismatch`.
   * @throws LetsPingError
   */
  async reportExecuted(id: string, payloadDigest: string): Promise<ExecutedAnswer> {
    return this.#post(`/approval-requests/${encodeURIComponent(id)}/executed`, { payload_digest: payloadDigest });
  }

  async #open(
    requested: RequestedAction,
    options: AskOptions,
    claims?: { token: string; retryable: boolean },
  ): Promise<IngestAnswer> {
    const { idempotencyKey, signal } = options;
    const body = ingestBody(requested, options, this.#environment, claims);
    const answer = await this.#post<IngestAnswer>('/ingest', body, { idempotencyKey, token: claims?.token, signal });
    if (typeof answer.id === 'string') return answer;
    throw new LetsPingError('LETSPING_BAD_ANSWER', 'the server opened a request without an id');
  }

  async #wait(id: string, options: WaitOptions): Promise<StatusAnswer> {
    return waitForAnswer(id, (timeoutMs) => this.#read(id, timeoutMs, options.signal), options);
  }

  async #read(id: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<StatusAnswer> {
    const path = `/status/${encodeURIComponent(id)}`;
    const { body } = await this.#http.send<StatusAnswer>({ method: 'GET', path, timeoutMs, signal });
    return body;
  }

  async #claim(
    { request_id, payload_digest }: Pick<Decision, 'request_id' | 'payload_digest'>,
    token: string,
    { retryable = false, signal }: ClaimOptions,
  ): Promise<HeldClaim> {
    const path = `/approval-requests/${encodeURIComponent(request_id)}/claim`;
    try {
      const { claim } = await this.#post<ClaimAnswer>(path, { payload_digest, retryable }, { token, signal });
      if (isOwnClaim(claim, token)) return this.#held(request_id, claim, token);
    } catch (error) {
      throw error instanceof LetsPingError && error.status === 409 ? new PermitRefusedError(request_id, error) : error;
    }
    throw new LetsPingError('LETSPING_BAD_ANSWER', 'the server answered with the claim of another process', {
      requestId: request_id,
    });
  }

  #held(request_id: string, { attempt }: Claim, token: string): HeldClaim {
    const path = `/approval-requests/${encodeURIComponent(request_id)}/claim/end`;
    return {
      request_id,
      attempt,
      end: async (ended) => void (await this.#post(path, { ended }, { token })),
    };
  }

  /** All retries use one key or claim token, so that the server sees one call. */
  async #post<T>(path: string, body: unknown, { idempotencyKey, token, signal }: PostOptions = {}): Promise<T> {
    const headers = {
      'idempotency-key': idempotencyKey ?? randomKey(),
      ...(token !== undefined && { [CLAIM_HEADER]: token }),
    };
    const call = { method: 'POST', path, body, headers, timeoutMs: CALL_TIMEOUT_MS, signal } as const;
    return retrying(async () => (await this.#http.send<T>(call)).body, { forMs: this.#retryForMs, signal });
  }
}

/** Not `randomUUID`: browsers have it on https pages only. */
const randomKey = (): string => hex.encode(crypto.getRandomValues(new Uint8Array(16)));
