import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJson, writeJson } from './data-dir.ts';
import { isAlive, type ProcessStamp, worksOn } from './process-identity.ts';

/** From the one that asks to the one that is asked: a service stops before what it needs. */
export const STOP_ORDER = ['api', 'worker', 'temporal', 'postgres'] as const;
export type ServiceName = (typeof STOP_ORDER)[number];

export interface ProcessRecord extends ProcessStamp {
  name: ServiceName;
  data_dir: string;
}

const recordsFile = (dataDir: string) => join(dataDir, 'processes.json');
export const readRecords = (dataDir: string) => readJson<ProcessRecord[]>(recordsFile(dataDir)) ?? [];
export const writeRecords = (dataDir: string, records: ProcessRecord[]) => writeJson(recordsFile(dataDir), records);

/** PostgreSQL reads SIGINT as a fast shutdown; SIGTERM would wait for its clients. */
export const stopSignal = (name: ServiceName): NodeJS.Signals => (name === 'postgres' ? 'SIGINT' : 'SIGTERM');

/** Signals the process group; the leader alone where the group is gone already. */
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

const goneWithin = async (stamp: ProcessStamp, ms: number) => {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(20)) if (!isAlive(stamp)) return true;
  return !isAlive(stamp);
};

/**
 * Ends what a killed parent left running on this data folder. A pid alone proves nothing: it is ended only when it
 * started when the record says and works on this very folder. The caller holds the folder's lock.
 */
export async function endLeftovers(dataDir: string, progress: (line: string) => void): Promise<ProcessRecord[]> {
  const ended: ProcessRecord[] = [];
  const records = readRecords(dataDir).toSorted((a, b) => STOP_ORDER.indexOf(a.name) - STOP_ORDER.indexOf(b.name));
  for (const record of records) {
    if (record.data_dir !== dataDir || !isAlive(record) || !worksOn(record.pid, dataDir)) continue;
    progress(`Ending ${record.name} (process ${record.pid}), left running by an earlier start`);
    signalGroup(record.pid, stopSignal(record.name));
    if (!(await goneWithin(record, 5_000))) {
      signalGroup(record.pid, 'SIGKILL');
      await goneWithin(record, 2_000);
    }
    ended.push(record);
  }
  if (records.length > 0) writeRecords(dataDir, []);
  return ended;
}
