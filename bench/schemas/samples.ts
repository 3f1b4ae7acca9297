type Schema = Record<string, unknown>;

const MAX_DEPTH = 4;
const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TEXTS: Record<string, string> = {
  'date-time': '2026-01-02T03:04:05Z',
  date: '2026-01-02',
  time: '03:04:05Z',
  uri: 'https://example.com/a',
  'uri-reference': '/a',
  url: 'https://example.com/a',
  email: 'dev@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '123e4567-e89b-42d3-a456-426614174000',
};

function textOf({ format, minLength }: Schema): string {
  const text = TEXTS[String(format)] ?? 'text';
  return typeof minLength === 'number' ? text.padEnd(Math.min(minLength, 1_000), 'x') : text;
}

function target(root: Schema, reference: string): unknown {
  let at: unknown = root;
  for (const part of reference.split('/').slice(1))
    at = isSchema(at) ? at[decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
  return at;
}

function typed(root: Schema, schema: Schema, depth: number): unknown {
  const { type, properties, items, prefixItems, minItems, minimum } = schema;
  const names = Array.isArray(type) ? type : [type];
  const name = names.find((one) => one !== 'null') ?? names[0];
  if (name === 'object' || (name === undefined && isSchema(properties))) {
    const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
    return Object.fromEntries(
      Object.entries(isSchema(properties) ? properties : {})
        .filter(([key]) => required.has(key) || depth < MAX_DEPTH)
        .map(([key, value]) => [key, sampleOf(root, value, depth + 1)]),
    );
  }
  if (name === 'array') {
    if (Array.isArray(prefixItems)) return prefixItems.map((one) => sampleOf(root, one, depth + 1));
    const least = typeof minItems === 'number' ? minItems : 1;
    return Array.from({ length: depth < MAX_DEPTH ? Math.max(1, least) : least }, () =>
      sampleOf(root, items, depth + 1),
    );
  }
  if (name === 'number' || name === 'integer') return typeof minimum === 'number' ? minimum : 1;
  if (name === 'boolean') return true;
  if (name === 'null') return null;
  return textOf(schema);
}

/** A value that the schema most likely takes. */
function sampleOf(root: Schema, schema: unknown, depth: number): unknown {
  if (!isSchema(schema) || depth > 30) return 'text';
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return schema['enum'].find((one) => one !== null) ?? null;
  const { $ref, anyOf, oneOf, allOf } = schema;
  if (typeof $ref === 'string') return sampleOf(root, target(root, $ref), depth + 1);
  const alternatives = [anyOf, oneOf].find(Array.isArray) as unknown[] | undefined;
  const own = isSchema(schema['properties']) || alternatives === undefined;
  const parts = Array.isArray(allOf) ? allOf : own ? [] : [alternatives?.[0]];
  if (parts.length === 0) return typed(root, schema, depth);
  const values = parts.map((one) => sampleOf(root, one, depth + 1));
  return values.every(isSchema) ? Object.assign({}, ...values) : values[0];
}

/** The value with its first leaf, outermost first, replaced by one of another type. */
function spoilt(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? { spoilt: true } : [spoilt(value[0]), ...value.slice(1)];
  if (!isSchema(value)) return { spoilt: [true] };
  const [first, ...rest] = Object.entries(value);
  return first === undefined ? 'spoilt' : Object.fromEntries([[first[0], spoilt(first[1])], ...rest]);
}

/** Values for a schema, always the same: one that it most likely takes, one with a wrong leaf, one of a wrong type, and one that lacks a member. */
export function samplesOf(schema: object): unknown[] {
  const sample = sampleOf(schema as Schema, schema, 0);
  const short = isSchema(sample) ? Object.fromEntries(Object.entries(sample).slice(1)) : [];
  return [sample, spoilt(sample), isSchema(sample) ? ['text'] : {}, short];
}
