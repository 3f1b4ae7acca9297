import type { ServerResponse } from 'node:http';
import type { ErrorRequestHandler } from 'express';
import { isForgedRow, type ReportForged } from '../domain/approval/forged-row.ts';
import { DomainError } from '../domain/errors.ts';
import { stateOf } from './request-state.ts';

/**
 * The refusal that answers an error. The one place where a row that fails its authenticity check becomes an answer. The attacker writes to the database: whatever they
 * changed, the caller gets a refusal and never an outcome, and the project an incident. It is answered as JSON or as a page.
 */
export async function refusalOf(report: ReportForged, error: unknown, res: ServerResponse): Promise<unknown> {
  if (!isForgedRow(error)) return error;
  const { principal } = stateOf(res);
  if (principal) await report(principal.project_id, error);
  return new DomainError(
    'not_authentic',
    'Stored data of this project fails its authenticity check: something else than this server changed it. Nothing was decided.',
    {},
    { cause: error },
  );
}

export const refuseForgedRows =
  (report: ReportForged): ErrorRequestHandler =>
  async (error, _req, res, next) =>
    next(await refusalOf(report, error, res));
