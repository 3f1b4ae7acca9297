import type { Terminal } from '../command.ts';
import { startSystem } from '../services/system.ts';
import type { DevOptions } from './announcement.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Aborts on a request to stop: Ctrl-C, a service manager, a closed terminal. */
function untilSignalled(): { signal: AbortSignal; forget(): void } {
  const controller = new AbortController();
  const onSignal = () => controller.abort(new Error('stopped'));
  // A closed terminal rejects output; the services must be stopped in order nevertheless.
  const onOutput = () => {};
  for (const name of SIGNALS) process.on(name, onSignal);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onOutput);
  return {
    signal: controller.signal,
    forget: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Runs the local system until the process is asked to stop. */
export async function runDev(options: DevOptions, terminal: Terminal): Promise<0> {
  const stop = untilSignalled();
  const startedAt = Date.now();
  const progress = (line: string) =>
    terminal.err(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${line}\n`);
  try {
    const starting = startSystem({
      env: terminal.env,
      progress,
      acceptSignals: options.acceptSignals,
      signal: stop.signal,
    });
    // Loaded while the services start. Their failure comes first.
    const loading = import('./announcement.ts');
    const system = await starting;
    try {
      await (await loading).announce(system, options, terminal);
      await aborted(stop.signal);
      terminal.err('\nStopping\n');
    } finally {
      await system.stop();
    }
    return 0;
  } catch (error) {
    if (stop.signal.aborted) return 0;
    throw error;
  } finally {
    stop.forget();
  }
}
