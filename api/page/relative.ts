const UNITS: [ms: number, one: string, many: string][] = [
  [86_400_000, 'day', 'days'],
  [3_600_000, 'hour', 'hours'],
  [60_000, 'minute', 'minutes'],
  [1_000, 'second', 'seconds'],
];

/** `3 minutes ago`, `in 23 hours`. Runs on the server and in the browser, which updates it. */
export function relative(instant: string, now: number): string {
  const ms = Date.parse(instant) - now;
  const [size, one, many] = UNITS.find(([least]) => Math.abs(ms) >= least) ?? [1_000, 'second', 'seconds'];
  const count = Math.floor(Math.abs(ms) / size);
  if (count === 0) return 'now';
  const span = `${count} ${count === 1 ? one : many}`;
  return ms > 0 ? `in ${span}` : `${span} ago`;
}
