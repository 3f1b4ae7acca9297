import { describe, expect, test } from 'vitest';
import {
  ApprovalRejectedError,
  ExecutionReportError,
  LetsPing,
  LetsPingError,
  NotRun,
  PermitRefusedError,
} from '../../client/index.ts';
import { until, type WireServer, withWireServer } from './wire-server.ts';

const refund = { service: 'billing-agent', action: 'refund', payload: { charge: 'ch_1', amount_cents: 500 } };

const withClient = <T>(work: (lp: LetsPing, server: WireServer) => Promise<T>) =>
  withWireServer((server, address) =>
    work(new LetsPing('lp_test_key', { baseUrl: address, retryForMs: 2_000 }), server),
  );

/** The id of the first request, as soon as its status is read. */
async function heldId(server: WireServer): Promise<string> {
  await until(() => [...server.rows.values()].some((row) => row.waiting.size > 0));
  return [...server.rows.keys()][0]!;
}

const failure = async (work: Promise<unknown>): Promise<LetsPingError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LetsPingError);
  return error as LetsPingError;
};

describe('ask', () => {
  test('returns the approved payload as soon as a held read is answered', () =>
    withClient(async (lp, server) => {
      const asking = lp.ask({
        ...refund,
        priority: 'high',
        role: 'finance',
        traceId: 't-1',
        context: { thread_id: 'th' },
      });
      const id = await heldId(server);
      const decidedAt = Date.now();
      server.approve(id);

      expect(await asking).toMatchObject({
        status: 'APPROVED',
        payload: refund.payload,
        metadata: { actor_id: 'ana', method: 'console' },
        outcome: { status: 'approved', cause: 'person' },
        request_id: id,
        payload_digest: server.rows.get(id)!.answer.payload_digest,
      });
      expect(Date.now() - decidedAt).toBeLessThan(500);
      expect(server.calls(/status/)).toHaveLength(2);
      expect(server.calls(/ingest/)[0]).toMatchObject({
        headers: { authorization: 'Bearer lp_test_key' },
        body: {
          ...refund,
          priority: 'high',
          context: { thread_id: 'th' },
          metadata: { sdk: 'letsping-temporal', role: 'finance', trace_id: 't-1' },
        },
      });
    }));

  test('returns a patch with its difference', () =>
    withClient(async (lp, server) => {
      const asking = lp.ask(refund);
      server.approve(await heldId(server), { charge: 'ch_1', amount_cents: 200 });

      expect(await asking).toMatchObject({
        status: 'APPROVED_WITH_MODIFICATIONS',
        payload: refund.payload,
        patched_payload: { charge: 'ch_1', amount_cents: 200 },
        diff_summary: { changes: { amount_cents: { from: 500, to: 200 } } },
      });
    }));

  test('returns a rejection with its reason, and throws nothing', () =>
    withClient(async (lp, server) => {
      const asking = lp.ask(refund);
      server.reject(await heldId(server), 'not this customer');

      expect(await asking).toMatchObject({ status: 'REJECTED', metadata: { reason: 'not this customer' } });
    }));

  test('reads again at once when a hold ends without a decision', () =>
    withClient(async (lp, server) => {
      server.holdMs = 1_100;
      const asking = lp.ask(refund);
      await until(() => server.calls(/status/).length === 4);
      server.approve([...server.rows.keys()][0]!);
      await asking;

      const reads = server.calls(/status/).map((call) => call.at);
      expect(reads[2]! - reads[1]!).toBeLessThan(1_100 + 150);
    }));

  test('spaces out polls of a server that holds no reads', () =>
    withClient(async (lp, server) => {
      server.holdMs = 0;
      await failure(lp.ask({ ...refund, timeoutMs: 1_200 }));

      expect(server.calls(/status/).length).toBeLessThan(8);
    }));

  test('ends with LETSPING_TIMEOUT, and the request expires too', () =>
    withClient(async (lp, server) => {
      const error = await failure(lp.ask({ ...refund, timeoutMs: 1_500 }));

      expect(error).toMatchObject({ code: 'LETSPING_TIMEOUT', requestId: [...server.rows.keys()][0] });
      expect(server.calls(/ingest/)[0]!.body).toMatchObject({ expires_in_ms: 1_500 });
    }));

  test('ends with the reason of the signal', () =>
    withClient(async (lp, server) => {
      const controller = new AbortController();
      const asking = lp.ask({ ...refund, signal: controller.signal });
      asking.catch(() => {});
      await heldId(server);
      controller.abort(new Error('shutting down'));

      await expect(asking).rejects.toThrow('shutting down');
    }));

  test('compares with the requested payload, not with the object as changed later', () =>
    withClient(async (lp, server) => {
      const payload = { charge: 'ch_1', amount_cents: 500 };
      const asking = lp.ask({ ...refund, payload });
      const id = await heldId(server);
      payload.amount_cents = 9_999;
      server.approve(id);

      expect((await asking).payload).toEqual({ charge: 'ch_1', amount_cents: 500 });
    }));

  test.each([
    ['a number that JSON lacks', { ...refund, payload: { amount: Number.NaN } }],
    ['a cycle', { ...refund, payload: Object.assign({}, { self: null as unknown }, {}) }],
    ['a list', { ...refund, payload: [] as unknown as Record<string, unknown> }],
    ['a zod schema', { ...refund, schema: { _def: {}, _zod: {} } }],
  ])('refuses %s before anything is sent', (name, options) =>
    withClient(async (lp, server) => {
      if (name === 'a cycle') (options.payload as Record<string, unknown>)['self'] = options.payload;

      expect(await failure(lp.ask(options))).toMatchObject({ code: 'LETSPING_INVALID_ARGUMENT' });
      expect(server.seen).toHaveLength(0);
    }),
  );
});

describe('an answer without the approved payload', () => {
  test.each([
    ['another payload', { payload: { charge: 'ch_1', amount_cents: 99_999 } }],
    ['another digest', { payload_digest: `sha256:${'0'.repeat(64)}` }],
    ['an invalid salt', { digest_salt: 'short' }],
    ['an unexpected patch', { patched_payload: { charge: 'ch_2' } }],
    ['a missing patch', { outcome: { status: 'approved', cause: 'person', modified: true } as const }],
  ])('%s is refused', (_, change) =>
    withClient(async (lp, server) => {
      const asking = failure(lp.ask(refund));
      const id = await heldId(server);
      server.approve(id);
      server.tamper(id, change);

      expect(await asking).toMatchObject({ code: 'LETSPING_DIGEST_MISMATCH', requestId: id });
    }),
  );

  test('a consistent answer about another payload than the requested one is refused', () =>
    withClient(async (lp, server) => {
      const other = await lp.open({ ...refund, payload: { charge: 'ch_666' } });
      server.approve(other.id);
      const asking = failure(lp.ask(refund));
      await until(() => server.rows.size === 2 && [...server.rows.values()][1]!.waiting.size > 0);
      const id = [...server.rows.keys()][1]!;
      const { payload, payload_digest, digest_salt } = server.rows.get(other.id)!.answer;
      server.approve(id);
      server.tamper(id, { payload, payload_digest, digest_salt });

      expect(await asking).toMatchObject({ code: 'LETSPING_DIGEST_MISMATCH' });
    }));
});

describe('waiting elsewhere', () => {
  test('another client waits for what one deferred', () =>
    withWireServer(async (server, address) => {
      const { id } = await new LetsPing('lp_test_a', { baseUrl: `${address}/api/` }).defer(refund);
      const waiting = new LetsPing('lp_test_b', { baseUrl: address }).waitForDecision(id);
      await heldId(server);
      server.approve(id);

      expect(await waiting).toMatchObject({ status: 'APPROVED', payload: refund.payload });
    }));

  test('without service and action nothing can be checked, so nothing is returned', () =>
    withClient(async (lp, server) => {
      const { id } = await lp.defer(refund);
      server.approve(id);
      Object.assign(server.rows.get(id)!.answer, { service: undefined, action: undefined });

      expect(await failure(lp.waitForDecision(id))).toMatchObject({ code: 'LETSPING_DIGEST_MISMATCH' });
    }));

  test('an unknown id ends the wait at once', () =>
    withClient(async (lp) => {
      expect(await failure(lp.waitForDecision('req_unknown'))).toMatchObject({
        code: 'LETSPING_404_NOT_FOUND',
        status: 404,
        problemCode: 'not_found',
        docs: 'http://docs/errors/not_found',
      });
    }));

  test('getRequestStatus answers while it is pending', () =>
    withClient(async (lp) => {
      const { id } = await lp.defer(refund);

      expect(await lp.getRequestStatus(id)).toMatchObject({ id, status: 'PENDING', payload: refund.payload });
    }));
});

describe('a server in trouble', () => {
  test('opens one request, also if the call is retried', () =>
    withClient(async (lp, server) => {
      server.faults.push('cut', { status: 503 }, 'cut after');
      const opened = await lp.open(refund);

      const keys = server.calls(/ingest/).map((call) => call.headers['idempotency-key']);
      expect(keys).toHaveLength(4);
      expect(new Set(keys).size).toBe(1);
      expect([...server.rows.keys()]).toEqual([opened.id]);
    }));

  test('sends the key that the caller chose', () =>
    withClient(async (lp, server) => {
      const first = await lp.open({ ...refund, idempotencyKey: 'order-77' });
      const again = await lp.open({ ...refund, idempotencyKey: 'order-77' });

      expect(again.id).toBe(first.id);
      expect(server.calls(/ingest/)[0]!.headers['idempotency-key']).toBe('order-77');
    }));

  test('waits for Retry-After', () =>
    withClient(async (lp, server) => {
      server.faults.push({ status: 429, headers: { 'retry-after': '1' } });
      await lp.open(refund);

      const [first, second] = server.calls(/ingest/);
      expect(second!.at - first!.at).toBeGreaterThanOrEqual(990);
    }));

  test('retries during an outage', () =>
    withClient(async (lp, server) => {
      const { id } = await lp.defer(refund);
      server.faults.push('cut', { status: 500 }, { status: 503, headers: { 'retry-after': '0' } }, 'cut');
      const waiting = lp.waitForDecision(id);
      await heldId(server);
      server.approve(id);

      expect(await waiting).toMatchObject({ status: 'APPROVED' });
    }));

  test('retries while a call with the same key runs, but not if the key was used for another body', () =>
    withClient(async (lp, server) => {
      const type = (code: string) => ({ type: `http://docs/errors/${code}`, code: 'LETSPING_409' });
      server.faults.push({ status: 409, body: type('idempotency_key_in_use') });
      await lp.open(refund);
      expect(server.calls(/ingest/)).toHaveLength(2);

      server.faults.push({ status: 409, body: type('idempotency_key_reused') });
      expect(await failure(lp.open(refund))).toMatchObject({
        code: 'LETSPING_409',
        problemCode: 'idempotency_key_reused',
      });
    }));

  test('names the server that does not answer, after some retries', async () => {
    const address = await withWireServer(async (_, stopped) => stopped);
    const lp = new LetsPing('lp_test_key', { baseUrl: address, retryForMs: 300 });

    const error = await failure(lp.open(refund));
    expect(error).toMatchObject({ code: 'LETSPING_NETWORK', status: undefined });
    expect(error.message).toMatch(/^no answer from http:\/\/127\.0\.0\.1:\d+\/api: .*ECONNREFUSED/);
  });

  test.each([
    [400, 'LETSPING_400'],
    [401, 'LETSPING_401_AUTH'],
    [402, 'LETSPING_402_QUOTA'],
    [403, 'LETSPING_403_FORBIDDEN'],
    [410, 'LETSPING_410'],
    [422, 'LETSPING_422'],
  ])('%d is %s, once', (status, code) =>
    withClient(async (lp, server) => {
      const body = { detail: 'because', billing: { funding_url: 'http://here' } };
      server.faults.push({ status, body });

      expect(await failure(lp.open(refund))).toMatchObject({ code, status, message: 'because', problem: body });
      expect(server.seen).toHaveLength(1);
    }),
  );

  test('refuses an HTML answer, and follows no redirect with the key', () =>
    withClient(async (lp, server) => {
      server.faults.push(
        { status: 200, body: '<html>' },
        { status: 307, headers: { location: 'http://127.0.0.1:1/' } },
      );

      expect(await failure(lp.open(refund))).toMatchObject({ code: 'LETSPING_BAD_ANSWER' });
      expect((await failure(lp.open(refund))).message).toMatch(/redirect/);
    }));
});

describe('run', () => {
  const deciding = async (server: WireServer, decide: (id: string) => void) => decide(await heldId(server));

  const ended = (server: WireServer) => server.calls(/claim\/end/).map(({ body }) => body['ended']);

  test('claims the permit, runs the approved payload, and reports it', () =>
    withClient(async (lp, server) => {
      const ran: unknown[] = [];
      const running = lp.run(refund, (payload) => {
        ran.push(payload);
        expect(server.calls(/claim$/)).toHaveLength(1);
        return 'done';
      });
      await deciding(server, (id) => server.approve(id, { charge: 'ch_1', amount_cents: 200 }));

      expect(await running).toBe('done');
      expect(ran).toEqual([{ charge: 'ch_1', amount_cents: 200 }]);
      expect(ended(server)).toEqual(['done']);
      expect(server.calls(/executed/)).toHaveLength(0);
    }));

  test('claims what is allowed at once with the ingest: no further call', () =>
    withClient(async (lp, server) => {
      server.allows = true;
      expect(await lp.run({ ...refund, retryable: true }, () => 'done')).toBe('done');

      expect(server.calls(/ingest/)[0]!.body).toMatchObject({ claim: true, retryable: true });
      expect(server.calls(/claim$/)).toHaveLength(0);
      expect(ended(server)).toEqual(['done']);
    }));

  test('runs nothing after a rejection', () =>
    withClient(async (lp, server) => {
      const running = lp.run(refund, () => expect.unreachable()).catch((error: unknown) => error);
      await deciding(server, (id) => server.reject(id, 'too much'));

      expect(await running).toMatchObject({ code: 'LETSPING_REJECTED', reason: 'too much' });
      expect(await running).toBeInstanceOf(ApprovalRejectedError);
      expect(server.calls(/claim/)).toHaveLength(0);
    }));

  test('the second process is refused before it acts', () =>
    withClient(async (lp, server) => {
      const options = { ...refund, idempotencyKey: 'order-17' };
      let release: (value: string) => void = () => {};
      const effect = new Promise<string>((resolve) => {
        release = resolve;
      });
      const first = lp.run(options, () => effect);
      await deciding(server, (id) => server.approve(id));
      await until(() => server.calls(/claim$/).length === 1);
      const second = await failure(lp.run(options, () => expect.unreachable()));

      expect(second).toBeInstanceOf(PermitRefusedError);
      expect(second).toMatchObject({ problemCode: 'permit_claimed', permit: { claimed_by: 'agent' }, status: 409 });
      release('paid');
      expect(await first).toBe('paid');
      expect(await failure(lp.run(options, () => expect.unreachable()))).toMatchObject({
        problemCode: 'executed_already',
      });
    }));

  test('nor does one that shares the key of an action that was allowed at once', () =>
    withClient(async (lp, server) => {
      server.allows = true;
      const options = { ...refund, idempotencyKey: 'order-18' };
      const crashed = lp.run(options, () => new Promise(() => {}));
      crashed.catch(() => {});
      await until(() => server.calls(/status/).length === 1);

      expect(await failure(lp.run(options, () => expect.unreachable()))).toMatchObject({
        problemCode: 'permit_claimed',
      });
    }));

  test('reports an effect that failed, and the result is unknown to the next one', () =>
    withClient(async (lp, server) => {
      server.allows = true;
      const options = { ...refund, idempotencyKey: 'order-19' };
      await expect(lp.run(options, () => Promise.reject(new Error('card declined')))).rejects.toThrow('card declined');

      expect(ended(server)).toEqual(['failed']);
      expect(await failure(lp.run(options, () => expect.unreachable()))).toMatchObject({
        problemCode: 'permit_unknown',
      });
    }));

  test('unless both are retryable', () =>
    withClient(async (lp, server) => {
      server.allows = true;
      const options = { ...refund, idempotencyKey: 'order-20', retryable: true };
      await expect(lp.run(options, () => Promise.reject(new Error('timeout')))).rejects.toThrow('timeout');

      expect(await lp.run(options, (_, { request_id }) => request_id)).toBe([...server.rows.keys()][0]);
      expect(ended(server)).toEqual(['failed', 'done']);
    }));

  test('an effect that throws NotRun did not act', () =>
    withClient(async (lp, server) => {
      server.allows = true;
      const options = { ...refund, idempotencyKey: 'order-21' };
      const refused = await failure(lp.run(options, () => Promise.reject(new NotRun('the bank is closed'))));

      expect(refused).toBeInstanceOf(NotRun);
      expect(refused).toMatchObject({ code: 'LETSPING_NOT_RUN', message: 'the bank is closed' });
      expect(await lp.run(options, () => 'paid')).toBe('paid');
      expect(ended(server)).toEqual(['not_run', 'done']);
    }));

  test('repeats a lost claim and a lost report with the same token', () =>
    withClient(async (lp, server) => {
      const { id } = await lp.open(refund);
      server.approve(id);
      const decision = await lp.waitForDecision(id);
      server.faults.push('cut after', { status: 503 });
      const ran = await lp.execute(decision, () => {
        server.faults.push('cut after', 'cut');
        return 'paid';
      });

      expect(ran).toBe('paid');
      expect(new Set(server.calls(/claim/).map(({ headers }) => headers['x-letsping-claim'])).size).toBe(1);
      expect(server.rows.get(id)!.claims).toEqual([expect.objectContaining({ ended: 'done' })]);
    }));

  test('gives the permit back when no payload may run after all', () =>
    withWireServer(async (server, baseUrl) => {
      server.allows = true;
      const tampering: typeof fetch = (...call) => {
        if (server.rows.size > 0)
          server.tamper([...server.rows.keys()][0]!, { payload: { charge: 'ch_1', amount_cents: 99_999 } });
        return fetch(...call);
      };
      const lp = new LetsPing('lp_test_key', { baseUrl, fetch: tampering });

      expect(await failure(lp.run(refund, () => expect.unreachable()))).toMatchObject({
        code: 'LETSPING_DIGEST_MISMATCH',
      });
      expect(ended(server)).toEqual(['not_run']);
    }));

  test('keeps the result if the report is refused', () =>
    withClient(async (lp, server) => {
      server.allows = true;
      const running = lp.run(refund, (_, { request_id }) => {
        server.rows.get(request_id)!.claims.push({ token_sha256: 'of another process', retryable: true });
        return 'paid';
      });

      const error = await failure(running);
      expect(error).toBeInstanceOf(ExecutionReportError);
      expect(error).toMatchObject({ result: 'paid', problemCode: 'claim_lost', status: 409 });
    }));

  test('a claim is held and ended by hand', () =>
    withClient(async (lp, server) => {
      const { id } = await lp.open(refund);
      server.approve(id);
      const claim = await lp.claim(await lp.waitForDecision(id));
      expect(claim).toMatchObject({ request_id: id, attempt: 1 });
      await claim.end('done');
      expect(ended(server)).toEqual(['done']);
    }));
});

describe('tool', () => {
  test.each([
    ['JSON text', '{"charge":"ch_1"}', { charge: 'ch_1' }],
    ['an object', { charge: 'ch_1' }, { charge: 'ch_1' }],
    ['free text', 'pay him', { raw_context: 'pay him' }],
    ['JSON that is not an object', '[1]', { raw_context: '[1]' }],
  ])('requests approval for %s', (_, context, payload) =>
    withClient(async (lp, server) => {
      const answering = lp.tool('billing-agent', 'refund', 'high')(context);
      server.approve(await heldId(server));

      expect(JSON.parse(await answering)).toEqual({ status: 'APPROVED', executed_payload: payload });
      expect(server.calls(/ingest/)[0]!.body).toMatchObject({ payload, priority: 'high' });
    }),
  );

  test('returns the difference of a patch to the model', () =>
    withClient(async (lp, server) => {
      const answering = lp.tool('billing-agent', 'refund')({ amount: 5 });
      server.approve(await heldId(server), { amount: 2 });

      expect(JSON.parse(await answering)).toMatchObject({
        status: 'APPROVED_WITH_MODIFICATIONS',
        original_payload: { amount: 5 },
        executed_payload: { amount: 2 },
        diff_summary: { changes: { amount: { from: 5, to: 2 } } },
      });
    }));

  test('starts a rejection with STOP, and an outage with ERROR', () =>
    withClient(async (lp, server) => {
      const answering = lp.tool('billing-agent', 'refund')('{}');
      server.reject(await heldId(server), 'wrong customer');
      expect(await answering).toMatch(/^STOP: .*wrong customer/);

      server.faults.push({ status: 401, body: { message: 'no such key' } });
      expect(await lp.tool('billing-agent', 'refund')('{}')).toBe('ERROR: System Failure: no such key');
    }));
});
