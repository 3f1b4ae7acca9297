import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { parse as parseContentType } from 'content-type';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { DomainError } from '../../domain/errors.ts';
import { parseGuarded } from '../../domain/json/guard.ts';
import { headerOf } from '../header.ts';
import { stateOf } from '../request-state.ts';
import { handled } from './interruptible.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });
const EMPTY = Buffer.alloc(0);

export const LIMIT_BYTES = { '4mb': 4 * 1024 * 1024, '256kb': 256 * 1024 } as const;
export type BodyLimit = keyof typeof LIMIT_BYTES;

export const bodyTooLarge = (): DomainError =>
  new DomainError(
    'body_too_large',
    'The body is larger than this route accepts (4 MB on ingest and decisions, 256 KB elsewhere). Store large state elsewhere and send a reference.',
  );

const READERS: Record<BodyLimit, RequestHandler> = {
  '4mb': express.raw({ type: () => true, limit: '4mb' }),
  '256kb': express.raw({ type: () => true, limit: '256kb' }),
};

async function decoded(req: IncomingMessage, res: ServerResponse, limit: BodyLimit): Promise<Buffer> {
  const read = req as Request;
  await handled(READERS[limit], read, res as Response);
  return Buffer.isBuffer(read.body) ? read.body : EMPTY;
}

/** A body whose length is known and that nothing compressed. */
const plain = (req: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const endedEarly = () => {
      if (!req.readableEnded) reject(new DomainError('malformed_body', 'The body ended early.')); // `close` follows every `end`
    };
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    req.on('error', endedEarly);
    req.on('close', endedEarly);
    if (req.destroyed) endedEarly();
  });

/** Reads at most `limit` bytes, after decompression. */
export async function readBody(req: IncomingMessage, res: ServerResponse, limit: BodyLimit): Promise<void> {
  const state = stateOf(res);
  if (state.body) return; // the thread for large bodies did not start
  const { 'content-length': length, 'content-encoding': encoding, 'transfer-encoding': transfer } = req.headers;
  const isPlain = encoding === undefined && transfer === undefined && Number(length ?? 0) <= LIMIT_BYTES[limit];
  state.body = await (isPlain ? plain(req) : decoded(req, res, limit));
}

/** As `readBody`, of a body that was read already and is still compressed. */
export async function readBodyFrom(
  bytes: Buffer,
  req: IncomingMessage,
  res: ServerResponse,
  limit: BodyLimit,
): Promise<void> {
  const again = Object.assign(Readable.from([bytes]), { headers: { ...req.headers } });
  delete again.headers['transfer-encoding'];
  again.headers['content-length'] = String(bytes.length);
  stateOf(res).body = await decoded(again as unknown as IncomingMessage, res, limit);
}

/** Accepts JSON in UTF-8 only: `express.json` would take UTF-7, duplicate keys and 120,000 nested arrays. */
function mediaTypeProblem(header: string | undefined): string | undefined {
  const { type, parameters } = parseContentType(header ?? '');
  if (type !== '' && type !== 'application/json' && !type.endsWith('+json'))
    return `Send application/json, not ${JSON.stringify(type)}.`;
  const charset = parameters['charset']?.toLowerCase();
  if (charset === undefined && /;[ \t]*charset\b/i.test(header ?? ''))
    return 'The charset of the media type is malformed.';
  return charset === undefined || charset === 'utf-8' || charset === 'utf8'
    ? undefined
    : `Send UTF-8, not ${JSON.stringify(charset)}.`;
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new DomainError('unsupported_media_type', 'The body is not UTF-8.', {}, { cause });
  }
}

/** The body as guarded JSON; undefined when there is none. @throws DomainError `malformed_body` | `unsupported_media_type` */
export function jsonOf(req: IncomingMessage, bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  const problem = mediaTypeProblem(headerOf(req, 'content-type'));
  if (problem) throw new DomainError('unsupported_media_type', problem);
  const text = textOf(bytes);
  if (text.trim() === '') return undefined;
  const guarded = parseGuarded(text);
  if (!guarded.ok)
    throw new DomainError('malformed_body', guarded.reason, {
      errors: [{ pointer: guarded.pointer, detail: guarded.reason }],
    });
  return guarded.value;
}

/** What has to be equal when an `Idempotency-Key` is repeated: the bytes of the body, and of a header that belongs to it. */
export function bodySha256(bytes: Uint8Array, header: string | undefined): Buffer {
  const hash = createHash('sha256').update(bytes);
  if (header !== undefined) hash.update('\n').update(header, 'latin1');
  return hash.digest();
}
