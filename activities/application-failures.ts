import { ApplicationFailure } from '@temporalio/common';
import { EARLY, FORGED } from '../contracts/workflow.ts';
import { isForgedRow } from '../domain/approval/forged-row.ts';
import { DeadlineAhead, OutcomeRefused } from '../domain/approval/refused-outcome.ts';
import { DomainError } from '../domain/errors.ts';

/**
 * Refusals that a retry cannot change. Temporal retries everything else: an unavailable database, a bug. Also a delivery that meets a
 * forged row, for its three days: a writer to the database must not end it.
 */
function nonRetryableOf(name: string, error: unknown): ApplicationFailure | undefined {
  if (error instanceof OutcomeRefused) return ApplicationFailure.nonRetryable(error.message, FORGED);
  if (error instanceof DeadlineAhead) return ApplicationFailure.nonRetryable(error.message, EARLY, error.remaining_ms);
  if (isForgedRow(error) && name !== 'deliver') return ApplicationFailure.nonRetryable(error.message, FORGED);
  if (error instanceof DomainError && error.code === 'not_found')
    return ApplicationFailure.nonRetryable(error.message, error.code);
  return undefined;
}

/** The only place where domain errors become Temporal failures. */
export const withApplicationFailures = <Activities extends object>(activities: Activities): Activities =>
  Object.fromEntries(
    Object.entries(activities).map(([name, activity]: [string, (...args: unknown[]) => Promise<unknown>]) => [
      name,
      (...args: unknown[]) =>
        activity(...args).catch((error: unknown) => {
          throw nonRetryableOf(name, error) ?? error;
        }),
    ]),
  ) as Activities;
