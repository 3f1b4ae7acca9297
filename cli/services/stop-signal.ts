import type { ServiceName } from './process-records.ts';

/** PostgreSQL takes SIGINT as a fast shutdown; on SIGTERM it would wait for its clients. */
export const stopSignal = (name: ServiceName): NodeJS.Signals => (name === 'postgres' ? 'SIGINT' : 'SIGTERM');

/** Signals the process group, or the leader alone when the group no longer exists. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
