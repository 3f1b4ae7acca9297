import express, { type RequestHandler } from 'express';
import { DomainError } from '../../domain/errors.ts';
import { parseGuarded } from '../../domain/json/guard.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** JSON in UTF-8 and nothing else: `express.json` would take utf-7, duplicate keys and 120,000 nested arrays. */
function mediaTypeProblem(contentType: string | undefined): string | undefined {
  const [type = '', ...parameters] = (contentType ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (type !== '' && type !== 'application/json' && !type.endsWith('+json'))
    return `Send application/json, not ${JSON.stringify(type)}.`;
  const charset = parameters
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice('charset='.length)
    .replaceAll('"', '');
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

const parse: RequestHandler = (req, res, next) => {
  const bytes = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
  if (bytes.length > 0) {
    const problem = mediaTypeProblem(req.get('content-type'));
    if (problem) throw new DomainError('unsupported_media_type', problem);
  }
  const text = textOf(bytes);
  res.locals.body_text = text;
  if (text.trim() === '') {
    req.body = undefined;
    next();
    return;
  }
  const guarded = parseGuarded(text);
  if (!guarded.ok)
    throw new DomainError('malformed_body', guarded.reason, {
      errors: [{ pointer: guarded.pointer, detail: guarded.reason }],
    });
  req.body = guarded.value;
  next();
};

/** Reads at most `limit` bytes, after decompression, and guards what they say. The body is `undefined` when there is none. */
export const jsonBody = (limit: '4mb' | '256kb'): RequestHandler[] => [express.raw({ type: () => true, limit }), parse];
