import type { SchemaViolation } from '../../domain/json/schema.ts';

/** What goes to a schema thread and back. */
export interface Job {
  id: number;
  schema: string;
  /** Absent: only whether the schema is served. */
  value?: string | undefined;
}
export type JobAnswer = { id: number } & ({ refusal: string } | { violations: SchemaViolation[] });
/** The thread has loaded its code. */
export const READY = 'ready';
