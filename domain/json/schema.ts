export interface SchemaViolation {
  /** JSON Pointer of the value that violates the schema. */
  pointer: string;
  reason: string;
}

/** Checks a value against a compiled schema; empty if it is valid. */
export type SchemaCheck = (value: unknown) => SchemaViolation[];

/**
 * Compiles a JSON Schema of one draft. An implementation must bound it, refuse references to other documents, and match
 * its patterns in linear time: the schema may be written by an attacker.
 * @throws Error if the schema is refused, with the reason as its message.
 */
export type SchemaCompiler = (schema: object) => SchemaCheck;
