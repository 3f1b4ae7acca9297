const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** What an orchestrator waits before it kills is 30 s or more; we end before. */
const WITHIN_MS = 25_000;

/**
 * Calls `stop` once, at the first SIGTERM or SIGINT. A second signal ends the process at once (by our own hand, since process 1
 * of a container has no default action), and so does a stop that takes longer than 25 s.
 */
export function onShutdown(stop: () => void | Promise<void>, onForced: (why: string) => void = () => {}): void {
  let asked = false;
  const end = (why: string) => {
    onForced(why);
    process.exit(1);
  };
  const onSignal = () => {
    if (asked) return end('a second signal');
    asked = true;
    setTimeout(() => end('the shutdown took too long'), WITHIN_MS - 1_000).unref();
    void stop();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
}
