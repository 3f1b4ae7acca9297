import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTimeOf } from './process-identity.ts';
import { readRecords, type ServiceName, STOP_ORDER, writeRecords } from './process-records.ts';
import { endService, runService, type ServiceSpec } from './service.ts';

const GRACE_MS = 10_000;
const BACKOFF_MS = [500, 1_000, 2_000, 5_000, 10_000];
/** After a run of this length the restart delay begins again at its shortest. */
const SETTLED_MS = 60_000;

export interface Service {
  readonly pid: number | undefined;
  /** SIGKILL, like a crash. The service stays down until `restart`. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface Processes {
  /** Starts the service and waits until it is ready. From then on it is restarted when it ends unexpectedly. */
  start(spec: ServiceSpec): Promise<Service>;
  pids(): Partial<Record<ServiceName, number>>;
  stopAll(): Promise<void>;
}

/** The child processes of one system. While a process lives, the data folder has a record of it. */
export function createProcesses({
  dataDir,
  progress,
}: {
  dataDir: string;
  progress: (line: string) => void;
}): Processes {
  const services = new Map<ServiceName, Service>();
  const starting = new Set<Promise<void>>();
  const stopping = new AbortController();

  const record = (name: ServiceName, pid: number) => {
    const others = readRecords(dataDir).filter((other) => other.name !== name);
    writeRecords(dataDir, [...others, { name, pid, start_time: startTimeOf(pid) ?? 'ended', data_dir: dataDir }]);
  };
  const forget = (pid: number | undefined) =>
    writeRecords(
      dataDir,
      readRecords(dataDir).filter((other) => other.pid !== pid),
    );

  async function start(spec: ServiceSpec): Promise<Service> {
    let child: ChildProcess | undefined;
    /** Whether the service should run. The restart loop reads it before each start. */
    let wanted = true;
    let attempt = 0;

    const up = async () => {
      const startedAt = Date.now();
      let pid: number | undefined;
      try {
        const onRecord = (started: number) => {
          pid = started;
          record(spec.name, started);
        };
        child = await runService(spec, onRecord, stopping.signal);
      } catch (error) {
        forget(pid);
        throw error;
      }
      const running = child;
      running.once('exit', (code, signal) => {
        forget(running.pid);
        if (child === running) child = undefined;
        if (!wanted || stopping.signal.aborted) return;
        if (Date.now() - startedAt > SETTLED_MS) attempt = 0;
        progress(
          `${spec.name} ended unexpectedly (${signal ?? `exit code ${code}`}) and is being restarted; its log: ${spec.logFile}`,
        );
        void again();
      });
      if (!wanted || stopping.signal.aborted) await down(GRACE_MS);
    };

    const again = async () => {
      while (wanted && !stopping.signal.aborted && !child) {
        await sleep(BACKOFF_MS[Math.min(attempt++, BACKOFF_MS.length - 1)], undefined, { ref: false });
        if (!wanted || stopping.signal.aborted || child) return;
        try {
          await up();
          if (child) progress(`${spec.name} is running again`);
        } catch (error) {
          progress((error as Error).message);
        }
      }
    };

    const down = async (graceMs: number) => {
      wanted = false;
      if (child) await endService(spec.name, child, graceMs);
    };

    const service: Service = {
      get pid() {
        return child?.pid;
      },
      kill: () => down(0),
      restart: async () => {
        await down(GRACE_MS);
        wanted = true;
        await up();
      },
      stop: () => down(GRACE_MS),
    };
    const first = up();
    const settled = first.then(
      () => undefined,
      () => undefined,
    );
    starting.add(settled);
    await first.finally(() => starting.delete(settled));
    services.set(spec.name, service);
    return service;
  }

  return {
    start,
    pids: () =>
      Object.fromEntries([...services].flatMap(([name, { pid }]) => (pid === undefined ? [] : [[name, pid]]))),
    stopAll: async () => {
      stopping.abort(new Error('stopped'));
      await Promise.all(starting);
      for (const name of STOP_ORDER) await services.get(name)?.stop();
    },
  };
}
