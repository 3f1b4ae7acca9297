const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Orchestrators kill after 30 s or more; the process must end before. */
const MAX_STOP_MS = 24_000;

/**
 * Calls `stop` once, at the first SIGTERM or SIGINT. A second signal ends the process at once (explicitly, because process 1 of
 * a container has no default action), and so does a stop that takes longer than 24 s.
 */
export function onShutdown(stop: () => void | Promise<void>, onForced: (why: string) => void = () => {}): void {
  let isStopping = false;
  const end = (why: string) => {
    onForced(why);
    process.exit(1);
  };
  const onSignal = () => {
    if (isStopping) return end('a second signal');
    isStopping = true;
    setTimeout(() => end('the shutdown took too long'), MAX_STOP_MS).unref();
    void stop();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
}
