import { ERROR_STATUS, type ErrorCode } from '../../contracts/error-codes.ts';
import type { Finding } from '../../contracts/verdict.ts';
import { DomainError } from '../../domain/errors.ts';

/** The message that a person gets instead of a result. */
export interface PageRefusal {
  status: number;
  sentence: string;
  findings: Finding[];
  errors: { pointer: string; detail: string }[];
}

/** Refusals that are shown beside the form; the error handler handles all others. */
const IN_PLACE: readonly ErrorCode[] = [
  'invalid_request',
  'forbidden',
  'own_request',
  'own_patch',
  'not_pending',
  'expired',
  'patch_in_progress',
  'payload_changed',
  'patch_refused',
  'payload_sealed',
  'temporal_unavailable',
];

export const refused = (status: number, sentence: string): PageRefusal => ({
  status,
  sentence,
  findings: [],
  errors: [],
});

export function refusalOf(error: unknown): PageRefusal {
  if (!(error instanceof DomainError) || !IN_PLACE.includes(error.code)) throw error;
  return {
    status: ERROR_STATUS[error.code],
    sentence: error.message,
    findings: error.details.findings ?? [],
    errors: error.details.errors ?? [],
  };
}
