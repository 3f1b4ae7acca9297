import { DomainError } from '../../domain/errors.ts';
import { databaseUnavailable } from './transaction.ts';

/** Statements of one lane under way. The second fills the pause in which the first one's commit is flushed. */
const AT_ONCE = 2;
/** Rows of one statement. Each size is a text of its own, so there are few. */
const SIZES = [16, 8, 4, 2, 1] as const;
/** Of one statement, except that one row may have any size. */
const MOST_BYTES = 1024 * 1024;
/** As long as a query waits for a connection of the pool: a hanging database leads to a refusal and not to a hanging request. */
const WAIT_MS = 3_000;

/** A row, and how many bytes it adds to its statement. */
export interface LaneRow {
  bytes: number;
}

/**
 * Writes a row, and resolves when its commit is durable. What arrives while the statements of its lane are under way shares the next
 * one, so a lane that is idle adds no wait.
 */
export type Lanes<Row, Written> = (lane: string, row: Row) => Promise<Written>;

interface Lane<Row, Written> {
  sending: number;
  line: Waiting<Row, Written>[];
}

interface Waiting<Row, Written> {
  row: Row;
  since: number;
  resolve(written: Written): void;
  reject(error: unknown): void;
}

/**
 * `send` writes rows of one lane in one statement that is its own transaction, and gives one result per row, in their order. The
 * attacker sends a row that the database refuses, which would take the others with it: so after a refusal each row is sent alone, and has its own
 * result or error. When the database does not answer, what became of the rows is unknown, and each of them has that error.
 */
export function createLanes<Row extends LaneRow, Written>(
  send: (rows: Row[]) => Promise<Written[]>,
): Lanes<Row, Written> {
  const lanes = new Map<string, Lane<Row, Written>>();

  async function write(batch: Waiting<Row, Written>[]): Promise<void> {
    try {
      const written = await send(batch.map(({ row }) => row));
      for (const [at, { resolve }] of batch.entries()) resolve(written[at]!);
    } catch (error) {
      if (batch.length === 1 || error instanceof DomainError) for (const { reject } of batch) reject(error);
      else await Promise.all(batch.map((one) => write([one])));
    }
  }

  /** The first rows of the line, as many as one statement takes. */
  function next(line: Waiting<Row, Written>[]): Waiting<Row, Written>[] {
    let fitting = 0;
    let bytes = 0;
    for (const { row } of line.slice(0, SIZES[0])) {
      bytes += row.bytes;
      if (fitting > 0 && bytes > MOST_BYTES) break;
      fitting += 1;
    }
    return line.splice(0, SIZES.find((size) => size <= fitting)!);
  }

  async function work(name: string, lane: Lane<Row, Written>): Promise<void> {
    lane.sending += 1;
    while (lane.line.length > 0) {
      await write(next(lane.line));
      const latest = performance.now() - WAIT_MS;
      while (lane.line[0] && lane.line[0].since < latest) lane.line.shift()!.reject(databaseUnavailable());
    }
    lane.sending -= 1;
    if (lane.sending === 0) lanes.delete(name);
  }

  return (name, row) =>
    new Promise((resolve, reject) => {
      const lane: Lane<Row, Written> = lanes.get(name) ?? { sending: 0, line: [] };
      lanes.set(name, lane);
      lane.line.push({ row, since: performance.now(), resolve, reject });
      if (lane.sending < AT_ONCE) void work(name, lane);
    });
}
