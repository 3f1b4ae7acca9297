import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, type ProcessStamp, worksOn } from './process-identity.ts';
import { type ProcessRecord, readRecords, STOP_ORDER, writeRecords } from './process-records.ts';
import { signalGroup, stopSignal } from './stop-signal.ts';

const goneWithin = async (stamp: ProcessStamp, ms: number) => {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(20)) if (!isAlive(stamp)) return true;
  return !isAlive(stamp);
};

/**
 * Ends the processes that a killed parent left running on this data folder. A pid is reused, so a process is ended only
 * if its start time is the recorded one and it works on this folder. The caller holds the folder's lock.
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
