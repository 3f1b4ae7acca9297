import type { ErrorObject, ValidateFunction } from 'ajv';
import type { Parsers, ShellNode } from '../domain/firewall/parsing/parsers.ts';

let loaded: Promise<Parsers> | undefined;

/** Every parser of the firewall, loaded on first use and shared by the process. */
export const loadParsers = (): Promise<Parsers> => (loaded ??= load());

async function load(): Promise<Parsers> {
  const [sql, shell, re2, cel, ajv] = await Promise.all([
    import('libpg-query'),
    import('unbash'),
    import('re2js'),
    import('@marcbachmann/cel-js'),
    import('ajv/dist/2020.js'),
  ]);
  await sql.loadModule();
  const pattern = patternOf(re2.RE2JS);
  return {
    sql: (text) => sql.parseSync(text),
    shell: { parse: (text) => shell.parse(text) as ShellNode, children: (node) => childrenOf(shell, node) },
    pattern,
    expression: (text) => expressionOf(new cel.Environment({ unlistedVariablesAreDyn: false }), text),
    schema: (schema) => schemaOf(ajv.Ajv2020, pattern, schema),
  };
}

function childrenOf(shell: typeof import('unbash'), node: ShellNode): ShellNode[] {
  const children: ShellNode[] = [];
  shell.forEachChild(node as never, (child: unknown) => {
    children.push(child as ShellNode);
  });
  return children;
}

/** RE2: no look-around, no back-reference, no count above 1,000; what it refuses is refused with its words. */
const patternOf =
  (re2: typeof import('re2js').RE2JS) =>
  (pattern: string, ignoreCase: boolean): ((text: string) => boolean) => {
    if (pattern.length > 1_000) throw new Error('The pattern is longer than 1000 characters.');
    const compiled = re2.compile(pattern, ignoreCase ? re2.CASE_INSENSITIVE : 0);
    return (text) => compiled.matcher(text).find();
  };

type CelEnvironment = InstanceType<typeof import('@marcbachmann/cel-js').Environment>;
const VARIABLES = {
  service: 'string',
  action: 'string',
  payload: 'dyn',
  context: 'map',
  amounts: 'list',
  destinations: 'list',
} as const;

function expressionOf(environment: CelEnvironment, text: string): (variables: Record<string, unknown>) => unknown {
  for (const [name, type] of Object.entries(VARIABLES)) environment.registerVariable(name, type);
  const program = environment.parse(text);
  const { valid, error } = program.check();
  if (!valid) throw error ?? new Error('The expression does not type-check.');
  return (variables) => program(asCel(variables) as Record<string, unknown>);
}

/** What was converted: the expressions of one call share it. */
const CONVERTED = new WeakMap<object, object>();

/**
 * CEL tells integers from doubles; JSON does not, so whole numbers are integers. A member of an object is converted when an
 * expression first reads it: a large payload costs nothing to an expression that looks elsewhere.
 */
function asCel(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  const before = CONVERTED.get(value);
  if (before) return before;
  const converted = Array.isArray(value) ? value.map(asCel) : membersOf(value as Record<string, unknown>);
  CONVERTED.set(value, converted);
  return converted;
}

function membersOf(value: Record<string, unknown>): object {
  const members: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const inner = value[key];
    if (typeof inner === 'object' && inner !== null)
      Object.defineProperty(members, key, { enumerable: true, get: () => asCel(inner) });
    // Assigned, this key would set the prototype.
    else if (key === '__proto__') Object.defineProperty(members, key, { enumerable: true, value: asCel(inner) });
    else members[key] = asCel(inner);
  }
  return members;
}

const MAX_SCHEMA_BYTES = 64 * 1024;

function schemaOf(
  Ajv: typeof import('ajv/dist/2020.js').Ajv2020,
  pattern: ReturnType<typeof patternOf>,
  schema: Record<string, unknown>,
): (payload: unknown) => { pointer: string; reason: string } | undefined {
  const text = JSON.stringify(schema);
  if (text.length > MAX_SCHEMA_BYTES) throw new Error('The schema is larger than 64 KB.');
  if (/"\$(?:ref|dynamicRef)":"(?!#)/.test(text)) throw new Error('The schema refers to another document.');
  const regExp = Object.assign((source: string) => ({ test: pattern(source, false) }), { code: 're2' });
  const ajv = new Ajv({ strict: true, allErrors: false, logger: false, code: { regExp: regExp as never } });
  const validate: ValidateFunction = ajv.compile(schema);
  return (payload) => {
    if (validate(payload)) return undefined;
    const [error]: ErrorObject[] = validate.errors ?? [];
    return { pointer: error?.instancePath ?? '', reason: error?.message ?? 'does not satisfy the schema' };
  };
}
