import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AgentSchemas, SchemaViolation } from '../../domain/json/schema.ts';
import { SCHEMA_LIMITS } from '../../domain/json/schema-gate.ts';
import { createThreadPool, type JobKind, programOf, type ThreadOptions } from './pool.ts';

const SCHEMA: JobKind = { program: programOf('runtime/threads/schema'), ms: 500, heapMb: 64, maxOfKey: 4 };
const MAX_KNOWN = 2_000;

const UNCHECKED = 'The schema of the request could not be applied in time.';
const BUSY =
  'The schema of the request could not be applied: too many others wait, or an earlier one of its key took too long.';

export type SchemaAnswer = { refusal: string } | { violations: SchemaViolation[] };

export interface SchemaThreads extends AgentSchemas {
  end(): Promise<void>;
}

/** Applies schemas of agents on threads that are ended after 500 ms or 64 MB. */
export function createSchemaThreads(options: ThreadOptions = {}): SchemaThreads {
  const pool = createThreadPool(SCHEMA, options);
  /** By the hash of the text: a tool sends the same schema each time. */
  const known = new LRUCache<string, { refusal: string | undefined }>({ max: MAX_KNOWN });

  const run = async (key_id: string, ...input: string[]): Promise<SchemaAnswer | { unchecked: string }> => {
    const outcome = await pool.run(key_id, ...input);
    if ('output' in outcome) return JSON.parse(outcome.output) as SchemaAnswer;
    return { unchecked: 'stopped' in outcome ? UNCHECKED : BUSY };
  };

  return {
    async refusal(key_id, schema) {
      // Not hashed, and not sent to the thread.
      if (schema.length > SCHEMA_LIMITS.bytes) return 'The schema is larger than 64 KB.';
      const id = hash('sha256', schema);
      const seen = known.get(id);
      if (seen) return seen.refusal;
      const answer = await run(key_id, schema);
      if ('unchecked' in answer) return answer.unchecked;
      const refusal = 'refusal' in answer ? answer.refusal : undefined;
      known.set(id, { refusal });
      return refusal;
    },
    async check(key_id, schema, value) {
      const answer = await run(key_id, schema, value);
      return 'refusal' in answer ? { unchecked: answer.refusal } : answer;
    },
    end: () => pool.end(),
  };
}
