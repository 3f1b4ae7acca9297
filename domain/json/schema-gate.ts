import { isObject } from '../../contracts/is-object.ts';

/**
 * What a JSON Schema of a stranger may be, told from its shape before it is applied to anything. Linear in its text. The attacker has an
 * agent's key: a circle of references that never reaches the data, or an `allOf` that doubles, never ends. What the shape does not show
 * (`uniqueItems` over 20,000 values, a recursion that branches over deep data) is for the time limit of the thread that applies it.
 */
export const SCHEMA_LIMITS = {
  /** Characters of its JSON. */
  bytes: 64 * 1024,
  depth: 64,
  schemas: 10_000,
  /** Schemas that apply to one value, references followed. */
  on_one_value: 2_000,
  pattern_length: 1_000,
  patterns: 500,
} as const;

const TYPES = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']);
/** What these hold applies to the value itself, and what the others hold to a part of it. */
const SAME = {
  one: ['not', 'if', 'then', 'else'],
  list: ['allOf', 'anyOf', 'oneOf'],
  map: ['dependentSchemas', 'dependencies'],
};
const PART = {
  one: [
    ...['additionalProperties', 'additionalItems', 'contains', 'propertyNames'],
    ...['unevaluatedItems', 'unevaluatedProperties'],
  ],
  list: ['items', 'prefixItems'],
  map: ['properties', 'patternProperties', 'definitions', '$defs'],
};
/** Asynchronous checks, dynamic scopes, and data that is read as a schema. Tools write none of them. */
const REFUSED = [
  ...['$async', '$data', '$dynamicRef', '$dynamicAnchor'],
  ...['$recursiveRef', '$recursiveAnchor', '$vocabulary'],
];

type Schema = Record<string, unknown>;

class NotServed extends Error {}

const refuse = (why: string): never => {
  throw new NotServed(why);
};

/** Why the schema is not used; undefined if it is. */
export function schemaRefusal(text: string): string | undefined {
  try {
    if (text.length > SCHEMA_LIMITS.bytes) return 'The schema is larger than 64 KB.';
    const root: unknown = JSON.parse(text);
    if (!isObject(root)) return 'The schema is not a JSON object.';
    inspect(root);
    return undefined;
  } catch (error) {
    if (error instanceof NotServed) return error.message;
    return 'The schema cannot be read.';
  }
}

function inspect(root: Schema): void {
  /** Each schema, with those that apply to the same value. */
  const same = new Map<Schema, Schema[]>();
  let patterns = 0;
  const countPattern = (source: unknown) => {
    if (typeof source !== 'string') refuse('A pattern of the schema is not a text.');
    if ((source as string).length > SCHEMA_LIMITS.pattern_length)
      refuse(`A pattern of the schema is longer than ${SCHEMA_LIMITS.pattern_length} characters.`);
    patterns += 1;
    if (patterns > SCHEMA_LIMITS.patterns) refuse(`The schema has more than ${SCHEMA_LIMITS.patterns} patterns.`);
  };

  // Lists instead of recursion: the depth is the attacker's.
  const todo: [Schema, number][] = [[root, 0]];
  const references: [Schema, unknown][] = [];
  const found = (value: unknown, depth: number): Schema[] => {
    if (typeof value === 'boolean') return [];
    if (!isObject(value)) return refuse('The schema has something else where a schema belongs.');
    todo.push([value, depth]);
    return [value];
  };
  for (;;) {
    const next = todo.pop();
    if (next) {
      const [schema, depth] = next;
      if (same.has(schema)) continue;
      if (depth > SCHEMA_LIMITS.depth) refuse(`The schema is nested deeper than ${SCHEMA_LIMITS.depth} levels.`);
      if (same.size >= SCHEMA_LIMITS.schemas) refuse(`The schema has more than ${SCHEMA_LIMITS.schemas} parts.`);
      inspectKeywords(schema, schema === root);
      if (Object.hasOwn(schema, 'pattern')) countPattern(schema['pattern']);
      if (isObject(schema['patternProperties'])) Object.keys(schema['patternProperties']).forEach(countPattern);
      if (Object.hasOwn(schema, '$ref')) references.push([schema, schema['$ref']]);
      same.set(
        schema,
        subschemas(schema, SAME).flatMap((value) => found(value, depth + 1)),
      );
      for (const value of subschemas(schema, PART)) found(value, depth + 1);
    } else if (references.length > 0) {
      // Last, because a target may lie outside the keywords above: `#/components/schemas/x`.
      for (const [from, reference] of references.splice(0)) same.get(from)!.push(...found(target(root, reference), 1));
    } else break;
  }
  weigh(same);
}

function inspectKeywords(schema: Schema, isRoot: boolean): void {
  for (const keyword of REFUSED) if (Object.hasOwn(schema, keyword)) refuse(`${keyword} is not supported in a schema.`);
  if (!isRoot && typeof schema['$id'] === 'string') refuse('$id is supported at the root of a schema only.');
  const { type = [] } = schema;
  for (const name of Array.isArray(type) ? type : [type])
    if (!TYPES.has(name as string)) refuse('The schema is invalid: it names a type that does not exist.');
}

function* valuesOf(schema: Schema, { one, list, map }: typeof SAME): Generator<unknown> {
  for (const keyword of one) if (Object.hasOwn(schema, keyword)) yield schema[keyword];
  for (const keyword of list) {
    const value = schema[keyword];
    if (Array.isArray(value)) yield* value;
    else if (Object.hasOwn(schema, keyword)) yield value;
  }
  for (const keyword of map) {
    const value = schema[keyword];
    // The values of `dependencies` are schemas or lists of names.
    if (isObject(value)) for (const part of Object.values(value)) if (!Array.isArray(part)) yield part;
  }
}
const subschemas = (schema: Schema, keywords: typeof SAME): unknown[] => [...valuesOf(schema, keywords)];

/** A JSON Pointer (RFC 6901) into this schema. No anchors and no other documents. */
function target(root: Schema, reference: unknown): unknown {
  if (typeof reference !== 'string' || !/^#(\/|$)/.test(reference))
    return refuse('The schema refers to another document.');
  let at: unknown = root;
  for (const part of reference.split('/').slice(1)) {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name))
      return refuse('The schema refers to a part that it does not have.');
    at = (at as Schema)[name];
  }
  return at;
}

/** Adds up how many schemas apply to one value, children first (Kahn's order). What is never reached is a circle. */
function weigh(same: Map<Schema, Schema[]>): void {
  const waiting = new Map([...same].map(([schema, children]) => [schema, children.length]));
  const parents = new Map<Schema, Schema[]>();
  for (const [schema, children] of same)
    for (const child of children) {
      const known = parents.get(child);
      if (known) known.push(schema);
      else parents.set(child, [schema]);
    }
  const weights = new Map<Schema, number>();
  const ready = [...same.keys()].filter((schema) => waiting.get(schema) === 0);
  for (let schema = ready.pop(); schema; schema = ready.pop()) {
    const weight = same.get(schema)!.reduce((sum, child) => sum + weights.get(child)!, 1);
    if (weight > SCHEMA_LIMITS.on_one_value)
      refuse(`More than ${SCHEMA_LIMITS.on_one_value} parts of the schema apply to one value.`);
    weights.set(schema, weight);
    for (const parent of parents.get(schema) ?? []) {
      const left = waiting.get(parent)! - 1;
      waiting.set(parent, left);
      if (left === 0) ready.push(parent);
    }
  }
  if (weights.size < same.size) refuse('The schema refers to itself without going into the data.');
}
