import type { ErrorRequestHandler } from 'express';
import { isForgedRow, type ReportForged } from '../domain/approval/forged-row.ts';
import { DomainError } from '../domain/errors.ts';
import { stateOf } from './request-state.ts';

/**
 * The one place where a row that fails its authenticity check becomes an answer. The attacker writes to the database: whatever they
 * changed, the caller gets a refusal and never an outcome, and the project an incident. It throws on, to be answered as JSON or as a page.
 */
export const refuseForgedRows =
  (report: ReportForged): ErrorRequestHandler =>
  async (error, _req, res, _next) => {
    if (!isForgedRow(error)) throw error;
    const { principal } = stateOf(res);
    if (principal) await report(principal.project_id, error);
    throw new DomainError(
      'not_authentic',
      'Stored data of this project fails its authenticity check: something else than this server changed it. Nothing was decided.',
      {},
      { cause: error },
    );
  };
