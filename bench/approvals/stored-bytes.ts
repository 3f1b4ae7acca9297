import type { Measured } from '../row.ts';
import { ALLOWED_SERVICE, type BenchSystem, bodyFor } from './bench-system.ts';
import { expectStatus, send } from './http.ts';
import { inFlight } from './timing.ts';

const WIDTH = 20;

/** Bytes on disk that one allowed request takes, with its receipt, beside one row of the plain route. */
export async function storedBytes(system: BenchSystem, calls: number): Promise<Measured[]> {
  const sizes = async () => {
    const { rows } = await system.owner.query<{ all: number; indexes: number }>(
      `select sum(pg_total_relation_size(oid))::float8 as all, sum(pg_indexes_size(oid))::float8 as indexes
       from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    );
    return rows[0]!;
  };
  const growth = async (call: () => Promise<unknown>) => {
    const before = await sizes();
    await inFlight(calls, WIDTH, call);
    const after = await sizes();
    return { all: (after.all - before.all) / calls, indexes: (after.indexes - before.indexes) / calls };
  };
  const plain = await growth(() =>
    expectStatus(send('POST', system.plainUrl, undefined, bodyFor(ALLOWED_SERVICE)), 201),
  );
  const allowed = await growth(() => system.ingest(ALLOWED_SERVICE));
  const row = { case: 'ingest, allowed', unit: 'bytes' } as const;
  return [
    { ...row, measure: 'on disk a request, beside a plain row', value: allowed.all, baseline: plain.all },
    { ...row, measure: 'of them indexes', value: allowed.indexes, baseline: plain.indexes },
  ];
}
