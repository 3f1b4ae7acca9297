import type { ErrorCode } from '../../contracts/problem.ts';
import type { Finding } from '../../contracts/verdict.ts';
import { DomainError } from '../../domain/errors.ts';

/** What a person is told in place of a result. */
export interface Refusal {
  status: number;
  sentence: string;
  findings: Finding[];
  errors: { pointer: string; detail: string }[];
}

/** The refusals that belong beside the form; all others are for the error handler. */
const IN_PLACE: Partial<Record<ErrorCode, number>> = {
  invalid_request: 400,
  forbidden: 403,
  own_request: 403,
  not_pending: 409,
  expired: 409,
  patch_in_progress: 409,
  payload_changed: 412,
  patch_refused: 422,
  temporal_unavailable: 503,
};

export const refused = (status: number, sentence: string): Refusal => ({ status, sentence, findings: [], errors: [] });

export function refusalOf(error: unknown): Refusal {
  const status = error instanceof DomainError ? IN_PLACE[error.code] : undefined;
  if (!(error instanceof DomainError) || status === undefined) throw error;
  return {
    status,
    sentence: error.message,
    findings: error.details.findings ?? [],
    errors: error.details.errors ?? [],
  };
}
