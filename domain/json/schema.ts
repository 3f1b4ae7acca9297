export interface SchemaViolation {
  /** JSON Pointer of the value that violates the schema. */
  pointer: string;
  reason: string;
}

/** Checks a value against a compiled schema; empty if it is valid. */
export type SchemaCheck = (value: unknown) => SchemaViolation[];

/**
 * Compiles a JSON Schema that an operator wrote into a policy. An implementation must refuse references to other documents, and match
 * its patterns in linear time: the values are an attacker's.
 * @throws Error if the schema is refused, with the reason as its message.
 */
export type SchemaCompiler = (schema: object) => SchemaCheck;

/**
 * Schemas that agents wrote, applied where time and memory are bounded from outside. `key_id` is of the agent: keys take turns, and one whose
 * schema had to be stopped is turned away for a while. Texts are JSON.
 */
export interface AgentSchemas {
  /** Why a schema is not used; undefined if it is. */
  refusal(key_id: string, schema: string): Promise<string | undefined>;
  /** `unchecked`: the check was stopped, turned away, or could not be made; nothing may pass then. */
  check(
    key_id: string,
    schema: string,
    value: string,
  ): Promise<{ violations: SchemaViolation[] } | { unchecked: string }>;
}
