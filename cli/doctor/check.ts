/** One line of `letsping doctor`. */
export interface CheckResult {
  check: string;
  state: 'ok' | 'warn' | 'fail' | 'skipped';
  detail: string;
  /** Suggested fix. */
  fix?: string;
}

export const ok = (check: string, detail: string): CheckResult => ({ check, state: 'ok', detail });
export const warn = (check: string, detail: string, fix: string): CheckResult => ({
  check,
  state: 'warn',
  detail,
  fix,
});
export const fail = (check: string, detail: string, fix: string): CheckResult => ({
  check,
  state: 'fail',
  detail,
  fix,
});
export const skipped = (checks: string[], detail: string): CheckResult[] =>
  checks.map((check) => ({ check, state: 'skipped', detail }));

export const messageOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
};
