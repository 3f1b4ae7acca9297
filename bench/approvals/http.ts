import { Agent, request } from 'node:http';
import { EventSourceParserStream } from 'eventsource-parser/stream';

export interface Answer {
  status: number;
  body: unknown;
}

/** A minimal client, the same for all sides, so that its cost is in all of them. */
const agent = new Agent({ keepAlive: true, maxSockets: 200 });

export const send = (
  method: string,
  url: string,
  key: string | undefined,
  body?: unknown,
  more: Record<string, string> = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const req = request(
      url,
      {
        method,
        agent,
        headers: {
          ...more,
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
      },
      (res) => {
        let said = '';
        res.setEncoding('utf8');
        res.on('data', (chunk: string) => {
          said += chunk;
        });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, body: said === '' ? undefined : JSON.parse(said) }));
        res.on('error', reject);
      },
    );
    // The server may close an idle connection while it is reused; the call has not been sent then.
    req.on('error', (error: NodeJS.ErrnoException) => {
      if (req.reusedSocket && error.code === 'ECONNRESET') send(method, url, key, body, more).then(resolve, reject);
      else reject(error);
    });
    req.end(text);
  });

/** The body of an answer. @throws Error unless it has one of these statuses. */
export async function expectStatus<T>(answer: Promise<Answer>, ...wanted: number[]): Promise<T> {
  const { status, body } = await answer;
  if (!wanted.includes(status))
    throw new Error(`expected ${wanted.join(' or ')}, got ${status}: ${JSON.stringify(body)}`);
  return body as T;
}

/** Calls back with the request id of each such event, until `stop`. Resolves when the stream is open. */
export async function follow(
  url: string,
  key: string,
  event: 'held' | 'resolved',
  onEvent: (request_id: string) => void,
): Promise<{ stop(): void }> {
  const abort = new AbortController();
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
    signal: abort.signal,
  });
  if (!response.ok || !response.body) throw new Error(`the event stream answers ${response.status}`);
  const read = async (body: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    const messages = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    for await (const { event: name, data } of messages)
      if (name === `approval_request.${event}`) onEvent((JSON.parse(data) as { request_id: string }).request_id);
  };
  read(response.body).catch(() => {});
  return { stop: () => abort.abort() };
}
