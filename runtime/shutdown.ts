/** Calls `stop` once, at the first SIGTERM or SIGINT. A second signal ends the process as usual. */
export function onShutdown(stop: () => void | Promise<void>): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
}
