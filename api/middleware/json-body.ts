import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { parse as parseContentType } from 'content-type';
import express, { type Request, type RequestHandler } from 'express';
import { DomainError } from '../../domain/errors.ts';
import { parseGuarded } from '../../domain/json/guard.ts';
import { interruptible } from './interruptible.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });
const EMPTY = Buffer.alloc(0);

export const LIMIT_BYTES = { '4mb': 4 * 1024 * 1024, '256kb': 256 * 1024 } as const;
export type BodyLimit = keyof typeof LIMIT_BYTES;

export const bodyTooLarge = (): DomainError =>
  new DomainError(
    'body_too_large',
    'The body is larger than this route accepts (4 MB on ingest and decisions, 256 KB elsewhere). Store large state elsewhere and send a reference.',
  );

/** Reads at most `limit` bytes, after decompression. */
export const rawBody = (limit: BodyLimit): RequestHandler => interruptible(read(limit));

const read = (limit: BodyLimit): RequestHandler => express.raw({ type: () => true, limit });

/** As `rawBody`, of a body that was read already and is still compressed. */
export const rawBodyFrom =
  (bytes: Buffer, limit: BodyLimit): RequestHandler =>
  (req, res, next) => {
    const again = Object.assign(Readable.from([bytes]), { headers: { ...req.headers }, body: undefined });
    delete again.headers['transfer-encoding'];
    again.headers['content-length'] = String(bytes.length);
    read(limit)(again as unknown as Request, res, (error) => {
      req.body = again.body;
      next(error);
    });
  };

/** The bytes that `rawBody` read; none when there was no body. */
export const bytesOf = (req: Request): Buffer => (Buffer.isBuffer(req.body) ? req.body : EMPTY);

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
export function jsonOf(req: Request): unknown {
  const bytes = bytesOf(req);
  if (bytes.length === 0) return undefined;
  const problem = mediaTypeProblem(req.get('content-type'));
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
