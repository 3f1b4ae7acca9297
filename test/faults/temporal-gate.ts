import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts';
import type { Traps, Wire } from './traps.ts';

interface Answer {
  headers: IncomingHttpHeaders;
  body: Buffer;
  trailers: IncomingHttpHeaders | undefined;
}

/** Removes the frame of one unary gRPC message. */
const message = (frame: Buffer): Buffer => {
  if (frame.length < 5) return frame;
  const body = frame.subarray(5, 5 + frame.readUInt32BE(1));
  return frame[0] === 1 ? gunzipSync(body) : body;
};

/**
 * A proxy to Temporal that recognises calls (all calls in use are unary), and stops at the one that a trap waits for. The TCP proxy in
 * front of it injects network faults.
 */
export async function temporalGate(target: { port: number }, wire: Wire, traps: Traps): Promise<TcpProxy> {
  const server = createServer({ settings: { initialWindowSize: 4_194_304, maxConcurrentStreams: 10_000 } });
  const sessions = new Set<{ destroy(): void }>();
  let upstream: ClientHttp2Session | undefined;
  const session = (): ClientHttp2Session => {
    if (upstream && !upstream.destroyed && !upstream.closed) return upstream;
    const opened = connect(`http://127.0.0.1:${target.port}`, { settings: { initialWindowSize: 4_194_304 } });
    upstream = opened;
    opened.on('error', () => {});
    opened.on('goaway', () => opened.destroy());
    return opened;
  };

  const forward = (headers: IncomingHttpHeaders, body: Buffer, client: ServerHttp2Stream) =>
    new Promise<Answer>((resolve, reject) => {
      const call = session().request({ ...headers });
      let answer: IncomingHttpHeaders | undefined;
      let trailers: IncomingHttpHeaders | undefined;
      const chunks: Buffer[] = [];
      client.once('close', () => call.close(constants.NGHTTP2_CANCEL));
      call.once('error', reject);
      call.once('response', (received) => {
        answer = received;
      });
      call.once('trailers', (received: IncomingHttpHeaders) => {
        trailers = received;
      });
      call.on('data', (chunk: Buffer) => chunks.push(chunk));
      call.once('close', () => {
        if (answer) resolve({ headers: answer, body: Buffer.concat(chunks), trailers });
        else reject(new Error('the server went away'));
      });
      call.end(body);
    });

  const reply = (stream: ServerHttp2Stream, { headers, body, trailers }: Answer) => {
    if (stream.destroyed || stream.closed) return;
    if (!trailers) {
      stream.respond({ ...headers }, { endStream: body.length === 0 });
      if (body.length > 0) stream.end(body);
      return;
    }
    stream.respond({ ...headers }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ ...trailers }));
    stream.end(body);
  };

  server.on('session', (opened) => {
    sessions.add(opened);
    opened.on('error', () => {});
    opened.once('close', () => sessions.delete(opened));
  });
  server.on('stream', async (stream, headers) => {
    stream.on('error', () => {});
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      const moment = { text: String(headers[':path']).split('/').at(-1)!, body: message(body) };
      if (!(await traps.pass(wire, 'before', moment))) return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      const answer = await forward(headers, body, stream);
      if (!(await traps.pass(wire, 'inside', moment))) return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      reply(stream, answer);
      await traps.pass(wire, 'after', moment);
    } catch {
      if (!stream.destroyed && !stream.headersSent)
        stream.respond(
          { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14', 'grpc-message': 'server away' },
          { endStream: true },
        );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const front = await tcpProxy({ port: (server.address() as AddressInfo).port });
  return {
    get port() {
      return front.port;
    },
    set: (weather) => front.set(weather),
    cutAfter: (bytes) => front.cutAfter(bytes),
    reset: () => front.reset(),
    async stop() {
      await front.stop();
      upstream?.destroy();
      for (const opened of sessions) opened.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
