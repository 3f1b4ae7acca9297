import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorRequestHandler, Request } from 'express';
import { z } from 'zod/v4';
import { ERROR_STATUS, type ErrorCode, publishedCode } from '../contracts/error-codes.ts';
import type { Problem } from '../contracts/problem.ts';
import { DomainError, type ErrorDetails } from '../domain/errors.ts';
import { pointerOf } from '../domain/json/pointer.ts';
import { sendText } from './answer.ts';
import { errorPage } from './docs/error-page.ts';
import { bodyTooLarge } from './middleware/json-body.ts';
import type { Log } from './ports.ts';
import { stateOf } from './request-state.ts';

const title = (code: ErrorCode) => code.replaceAll('_', ' ');

function fromZod(error: z.ZodError): DomainError {
  const errors = error.issues.slice(0, 20).map(({ path, message }) => ({ pointer: pointerOf(path), detail: message }));
  if (errors.some(({ pointer }) => pointer === '/payload_digest')) {
    return new DomainError(
      'payload_digest_required',
      'Send the payload_digest that was shown: sha256: and 64 hex digits.',
      { errors },
    );
  }
  return new DomainError(
    'invalid_request',
    `${errors[0]?.pointer || 'The body'}: ${errors[0]?.detail ?? 'is not valid'}.`,
    { errors },
  );
}

interface BodyParserError extends Error {
  type?: unknown;
  status?: unknown;
  expose?: unknown;
}

/** The errors of body-parser, which `http-errors` makes: 4xx are the sender's. One without a type is of zlib. */
const fromBodyParser = ({ type, status, expose }: BodyParserError): DomainError | undefined => {
  switch (type) {
    case 'entity.too.large':
      return bodyTooLarge();
    case 'encoding.unsupported':
      return new DomainError('unsupported_media_type', 'Content-Encoding must be gzip, deflate or br.');
    case 'request.aborted':
    case 'request.size.invalid':
      return new DomainError('malformed_body', 'The body ended early.');
    case 'charset.unsupported':
      return new DomainError('unsupported_media_type', 'Send the form in UTF-8.');
    case 'parameters.too.many':
      return new DomainError('malformed_body', 'The form has too many fields.');
    default:
      return expose === true && status === 400
        ? new DomainError('malformed_body', 'The body cannot be read. It may not be what its Content-Encoding says.')
        : undefined;
  }
};

function asDomainError(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error;
  if (error instanceof z.ZodError) return fromZod(error);
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'KeyUnavailable' || error.name === 'SealBroken')
    return new DomainError(
      'key_unavailable',
      'The data of this project cannot be decrypted. Nothing was changed.',
      {},
      { cause: error },
    );
  if (error instanceof URIError) return new DomainError('not_found', 'There is nothing here.');
  return fromBodyParser(error);
}

/** The document of a refusal. `request_id` is also the answer's `X-Request-Id`. */
export function problemOf(
  publicUrl: string,
  code: ErrorCode,
  detail: string,
  request_id: string,
  { isPublished = false, details = {} }: { isPublished?: boolean; details?: ErrorDetails } = {},
): Problem {
  const status = ERROR_STATUS[code];
  return {
    type: errorPage(publicUrl, code),
    title: title(code),
    status,
    detail,
    instance: request_id,
    code: isPublished ? publishedCode(status) : code,
    error: detail,
    message: detail,
    ...details,
  };
}

function sendProblem(
  res: ServerResponse,
  publicUrl: string,
  code: ErrorCode,
  detail: string,
  details: ErrorDetails,
): void {
  const { request_id, publishedCodes } = stateOf(res);
  const problem = problemOf(publicUrl, code, detail, request_id, { isPublished: publishedCodes, details });
  sendText(res, problem.status, 'application/problem+json', JSON.stringify(problem), {
    ...(details.retry_after !== undefined && { 'Retry-After': String(details.retry_after) }),
    ...(problem.status === 401 && { 'WWW-Authenticate': 'Bearer' }),
  });
}

/** Answers every error. One that is not a refusal is a bug: the caller gets the request id, and the log has the rest. */
export const answerError =
  ({ log, publicUrl }: { log: Log; publicUrl: () => string }) =>
  (error: unknown, req: IncomingMessage, res: ServerResponse): void => {
    const refusal = asDomainError(error);
    const { request_id, route } = stateOf(res);
    const fields = {
      request_id,
      method: req.method,
      route: route ?? ((req as Request).route?.path as string | undefined),
    };
    if (!refusal || ERROR_STATUS[refusal.code] >= 500) {
      const cause = refusal?.cause ?? error;
      log.error(
        {
          ...fields,
          code: refusal?.code ?? 'internal',
          error_name: (cause as Error)?.name,
          error: (cause as Error)?.message,
          stack: refusal ? undefined : (cause as Error)?.stack,
        },
        'request failed',
      );
    }
    if (res.headersSent) {
      res.destroy();
      return;
    }
    if (refusal) sendProblem(res, publicUrl(), refusal.code, refusal.message, refusal.details);
    else
      sendProblem(res, publicUrl(), 'internal', 'Something went wrong here. The request id names it in the log.', {});
  };

/** `answerError` as the last handler of Express. */
export const errorHandler = (deps: Parameters<typeof answerError>[0]): ErrorRequestHandler => {
  const answer = answerError(deps);
  return (error, req, res, _next) => answer(error, req, res);
};
