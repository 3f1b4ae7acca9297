import { join } from 'node:path';
import { readJson, writeJson } from './data-dir.ts';
import type { ProcessStamp } from './process-identity.ts';

/** The order in which services stop: each before those that it uses. */
export const STOP_ORDER = ['api', 'worker', 'temporal', 'postgres'] as const;
export type ServiceName = (typeof STOP_ORDER)[number];

export interface ProcessRecord extends ProcessStamp {
  name: ServiceName;
  data_dir: string;
}

const recordsFile = (dataDir: string) => join(dataDir, 'processes.json');
export const readRecords = (dataDir: string) => readJson<ProcessRecord[]>(recordsFile(dataDir)) ?? [];
export const writeRecords = (dataDir: string, records: ProcessRecord[]) => writeJson(recordsFile(dataDir), records);
