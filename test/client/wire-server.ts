import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IngestBody } from '../../contracts/action.ts';
import type { StatusAnswer } from '../../contracts/approval-request.ts';
import type { Outcome } from '../../contracts/decision.ts';
import { payloadDigest, saltText } from '../../domain/digest.ts';

type Json = Record<string, unknown>;

interface Row {
  ingested: IngestBody;
  answer: StatusAnswer;
  executed_at?: string;
  claims: { token_sha256: string; retryable: boolean; ended?: string }[];
  reads: number;
  waiting: Set<() => void>;
}

export interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Json;
  at: number;
}

/** A server for the client's part of the protocol: idempotent ingest, held status reads, permits that are claimed once. */
export class WireServer {
  readonly seen: Seen[] = [];
  readonly rows = new Map<string, Row>();
  /** Used from the front, one per call: another answer, or a connection that is cut before or after the work. */
  readonly faults: (
    | { status: number; body?: Json | string; headers?: Record<string, string> }
    | 'cut'
    | 'cut after'
  )[] = [];
  holdMs = 20_000;
  /** Whether the policy allows every action at once. */
  allows = false;
  readonly #keys = new Map<string, string>();
  readonly #server = createServer((req, res) => void this.#handle(req, res));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Every call on the path, oldest first. */
  calls = (path: RegExp): Seen[] => this.seen.filter((call) => path.test(call.path));

  approve = (id: string, patched_payload?: Json) =>
    this.#resolve(
      id,
      { status: 'approved', cause: 'person', ...(patched_payload ? { modified: true as const } : {}) },
      patched_payload ? { patched_payload, ...this.#digest(id, patched_payload) } : {},
    );

  reject = (id: string, reason: string) =>
    this.#resolve(id, { status: 'rejected', cause: 'person' }, { reason, rejection_reason: reason }, { reason });

  /** Makes the server answer like a broken or hostile one. */
  tamper(id: string, change: Partial<Row['answer']>): void {
    Object.assign(this.rows.get(id)!.answer, change);
  }

  #resolve(id: string, outcome: Outcome, members: Partial<StatusAnswer>, metadata: Json = {}): void {
    const row = this.rows.get(id)!;
    const by = { actor_id: 'ana', resolved_at: new Date().toISOString() };
    const status = outcome.status === 'approved' ? 'APPROVED' : 'REJECTED';
    Object.assign(row.answer, {
      ...members,
      ...by,
      status,
      outcome,
      metadata: { ...by, method: 'console', ...metadata },
    });
    for (const wake of row.waiting) wake();
  }

  #digest(id: string, payload: Json): Pick<StatusAnswer, 'payload_digest' | 'digest_salt'> {
    const { service, action } = this.rows.get(id)!.ingested;
    const salt = randomBytes(32);
    return { payload_digest: payloadDigest(salt, { service, action, payload }), digest_salt: saltText(salt) };
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body = text ? (JSON.parse(text) as Json) : {};
    this.seen.push({ method: req.method!, path: req.url!, headers: req.headers, body, at: Date.now() });
    const fault = this.faults.shift();
    if (fault === 'cut') return void res.destroy();
    if (typeof fault === 'object') return this.#send(res, fault.status, fault.body ?? {}, fault.headers);
    const answer = await this.#answer(req, res, body);
    if (fault === 'cut after') res.destroy();
    else this.#send(res, ...answer);
  }

  async #answer(req: IncomingMessage, res: ServerResponse, body: Json): Promise<[number, Json]> {
    const [, id] = /^\/api\/status\/([^/]+)$/.exec(req.url!) ?? [];
    const [, executed] = /^\/api\/approval-requests\/([^/]+)\/executed$/.exec(req.url!) ?? [];
    if (req.method === 'POST' && req.url === '/api/ingest') return [201, this.#ingest(req, body)];
    if (req.method === 'GET' && id && this.rows.has(id)) return [200, await this.#status(id, res)];
    const [, claimed, isEnd] = /^\/api\/approval-requests\/([^/]+)\/claim(\/end)?$/.exec(req.url!) ?? [];
    if (req.method === 'POST' && claimed && this.rows.has(claimed))
      return isEnd ? this.#ended(claimed, req, body) : this.#claimed(claimed, req, body);
    if (req.method === 'POST' && executed && this.rows.has(executed)) return this.#executed(executed, body);
    return [404, { type: 'http://docs/errors/not_found', code: 'LETSPING_404_NOT_FOUND', detail: 'no such request' }];
  }

  #ingest(req: IncomingMessage, body: Json): Json {
    const key = String(req.headers['idempotency-key'] ?? randomUUID());
    const known = this.#keys.get(key);
    if (known) return this.#opened(known, req);
    const id = `req_${randomUUID()}`;
    this.#keys.set(key, id);
    const ingested = body as unknown as IngestBody;
    const answer = {
      id,
      status: 'PENDING',
      payload: ingested.payload,
      metadata: {},
      expires_at: '',
      outcome: null,
    } as unknown as StatusAnswer;
    this.rows.set(id, { ingested, answer, claims: [], reads: 0, waiting: new Set() });
    Object.assign(answer, this.#digest(id, ingested.payload), { service: ingested.service, action: ingested.action });
    if (this.allows) {
      this.approve(id);
      if (body['claim'] === true) this.#claimed(id, req, { ...body, payload_digest: answer.payload_digest });
    }
    return this.#opened(id, req);
  }

  #opened(id: string, req: IncomingMessage): Json {
    const { answer, claims } = this.rows.get(id)!;
    return { ...answer, ...(tokenOf(req) && { claim: claims.at(-1) ?? null }) };
  }

  #claimed(id: string, req: IncomingMessage, body: Json): [number, Json] {
    const row = this.rows.get(id)!;
    const [last, token_sha256] = [row.claims.at(-1), tokenOf(req)!];
    const permit = { state: last?.ended ?? 'claimed', claimed_by: 'agent' };
    const problem = (code: string): [number, Json] => [409, { code, detail: code, permit }];
    if (row.answer.status !== 'APPROVED') return problem('not_approved');
    if (body['payload_digest'] !== row.answer.payload_digest) return problem('digest_mismatch');
    if (last?.token_sha256 !== token_sha256 || last.ended) {
      if (last?.ended === 'done') return problem('executed_already');
      if (last?.ended === 'failed' && !(last.retryable && body['retryable'])) return problem('permit_unknown');
      if (last && !last.ended) return problem('permit_claimed');
      row.claims.push({ token_sha256, retryable: body['retryable'] === true });
    }
    return [201, { id, claim: { ...row.claims.at(-1), attempt: row.claims.length } }];
  }

  #ended(id: string, req: IncomingMessage, body: Json): [number, Json] {
    const claim = this.rows.get(id)!.claims.at(-1);
    if (!claim || claim.token_sha256 !== tokenOf(req)) return [409, { code: 'claim_lost', detail: 'claim_lost' }];
    if (claim.ended && claim.ended !== body['ended']) return [409, { code: 'claim_ended', detail: 'claim_ended' }];
    claim.ended = String(body['ended']);
    return [200, { id, permit: { state: claim.ended } }];
  }

  async #status(id: string, res: ServerResponse): Promise<Json> {
    const row = this.rows.get(id)!;
    if (row.reads++ > 0 && row.answer.status === 'PENDING' && this.holdMs > 0) {
      await new Promise<void>((resolve) => {
        row.waiting.add(resolve);
        const timer = setTimeout(resolve, this.holdMs);
        res.on('close', () => {
          clearTimeout(timer);
          row.waiting.delete(resolve);
        });
      });
    }
    return { ...row.answer };
  }

  #executed(id: string, body: Json): [number, Json] {
    const row = this.rows.get(id)!;
    const problem = (code: string): [number, Json] => [409, { type: `http://docs/errors/${code}`, code, detail: code }];
    if (body['payload_digest'] !== row.answer.payload_digest) return problem('digest_mismatch');
    if (row.executed_at) return problem('executed_already');
    row.executed_at = new Date().toISOString();
    return [201, { id, payload_digest: row.answer.payload_digest, executed_at: row.executed_at }];
  }

  #send(res: ServerResponse, status: number, body: Json | string, headers: Record<string, string> = {}): void {
    res.writeHead(status, { 'content-type': 'application/json', ...headers });
    res.end(typeof body === 'string' ? body : JSON.stringify(body));
  }
}

const tokenOf = ({ headers }: IncomingMessage): string | undefined => {
  const token = headers['x-letsping-claim'];
  return token === undefined ? undefined : createHash('sha256').update(String(token)).digest('hex');
};

/** A separate server for one test. */
export async function withWireServer<T>(work: (server: WireServer, address: string) => Promise<T>): Promise<T> {
  const server = new WireServer();
  const address = await server.listen();
  try {
    return await work(server, address);
  } finally {
    await server.close();
  }
}

/** Resolves when the condition is true. */
export async function until(condition: () => boolean, ms = 5_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error('the condition was not met in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
