import type { Logger } from './log.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Orchestrators kill after 30 s or more; the process must end before. */
const MAX_STOP_MS = 24_000;
/** `EX_SOFTWARE` of sysexits.h. A supervisor can tell a bug from a refused start (1) and from a requested stop (0). */
export const UNCAUGHT_EXIT_CODE = 70;
/** An error of a timer may repeat while the process drains. */
const MAX_LOGGED = 20;

/** Why a process ends: a signal, or an error that nothing handled. */
export type Ending = 'signal' | 'uncaught error';

export interface ProcessEnd {
  /**
   * Calls `stop` once, at the first SIGTERM, SIGINT or uncaught error. A second signal ends the process at once (explicitly,
   * because process 1 of a container has no default action), and so does a stop that fails or takes longer than 24 s.
   */
  onEnd(stop: (why: Ending) => void | Promise<void>): void;
  /** 70 after an uncaught error, else 0. */
  exitCode(): 0 | typeof UNCAUGHT_EXIT_CODE;
}

/**
 * Watches how this process ends. An uncaught exception or an unhandled rejection is logged, and the process drains as after a
 * signal: its state is unknown, so it takes no new work, but what runs is finished. Before `onEnd` it ends at once.
 */
export function watchProcessEnd(log: Pick<Logger, 'error'>): ProcessEnd {
  let stop: ((why: Ending) => void | Promise<void>) | undefined;
  let isStopping = false;
  let signals = 0;
  let uncaught = 0;
  const exitCode = () => (uncaught > 0 ? UNCAUGHT_EXIT_CODE : 0);

  const endNow = (why: string) => {
    log.error({ why }, 'the process ended before its work had finished');
    process.exit(exitCode() || 1);
  };
  const begin = (why: Ending) => {
    if (isStopping || !stop) return;
    isStopping = true;
    setTimeout(() => endNow('the shutdown took too long'), MAX_STOP_MS).unref();
    Promise.resolve(why)
      .then(stop)
      .catch(() => endNow('the shutdown failed'));
  };
  const onUncaught = (error: unknown) => {
    uncaught += 1;
    process.exitCode = UNCAUGHT_EXIT_CODE;
    if (uncaught <= MAX_LOGGED) log.error({ uncaught: error }, 'alarm: an uncaught error ends this process');
    if (stop) begin('uncaught error');
    else process.exit(UNCAUGHT_EXIT_CODE);
  };
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);

  return {
    exitCode,
    onEnd(listener) {
      stop = listener;
      const onSignal = () => {
        signals += 1;
        if (signals > 1) endNow('a second signal');
        else begin('signal');
      };
      for (const signal of SIGNALS) process.on(signal, onSignal);
    },
  };
}
