import { Agent, request } from 'node:http';

export interface Answer {
  status: number;
  body: any;
}

/** Lean and the same for every side: what it costs is in both. */
const agent = new Agent({ keepAlive: true, maxSockets: 200 });

export const send = (method: string, url: string, key: string | undefined, body?: unknown): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const req = request(
      url,
      {
        method,
        agent,
        headers: {
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
    req.on('error', reject);
    req.end(text);
  });

/** @throws Error unless the answer has this status. */
export async function expectStatus(answer: Promise<Answer>, ...wanted: number[]): Promise<any> {
  const { status, body } = await answer;
  if (!wanted.includes(status)) throw new Error(`expected ${wanted.join(' or ')}, got ${status}: ${JSON.stringify(body)}`);
  return body;
}

/** The ids of resolved requests as the event stream tells them, until `stop`. Resolves when the stream is open. */
export async function follow(url: string, key: string, onResolved: (request_id: string) => void): Promise<{ stop(): void }> {
  const abort = new AbortController();
  const response = await fetch(url, { headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' }, signal: abort.signal });
  if (!response.ok || !response.body) throw new Error(`the event stream answers ${response.status}`);
  const decoder = new TextDecoder();
  const read = async (body: ReadableStream<Uint8Array>) => {
    let text = '';
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (block.includes('event: approval_request.resolved') && data) onResolved((JSON.parse(data) as { request_id: string }).request_id);
      }
    }
  };
  read(response.body).catch(() => {});
  return { stop: () => abort.abort() };
}
