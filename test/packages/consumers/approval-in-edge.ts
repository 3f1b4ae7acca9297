/** `approval.ts` as an edge function: the request names key and address; the answer is one JSON line for each step. */
import { approvalOf } from './approval.js';

addEventListener('fetch', (event) => {
  const { request, respondWith } = event as unknown as {
    request: Request;
    respondWith(answer: Promise<Response>): void;
  };
  const lines = new TransformStream<Uint8Array, Uint8Array>();
  const writer = lines.writable.getWriter();
  const line = (value: object) => writer.write(new TextEncoder().encode(`${JSON.stringify(value)}\n`));
  const [key, address] = ['x-key', 'x-address'].map((name) => request.headers.get(name) ?? '');
  approvalOf((opened) => void line({ opened }), key, address)
    .then(line, (error: unknown) => line({ error: String(error) }))
    .finally(() => void writer.close());
  respondWith.call(event, Promise.resolve(new Response(lines.readable)));
});
