import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Answers with a text, in one write. Node sends no body to HEAD. */
export function sendText(
  res: ServerResponse,
  status: number,
  mediaType: string,
  text: string,
  headers?: OutgoingHttpHeaders,
): void {
  res.writeHead(status, {
    ...headers,
    'Content-Type': `${mediaType}; charset=utf-8`,
    'Content-Length': Buffer.byteLength(text),
  });
  res.end(text);
}
