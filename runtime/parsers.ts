import type { Parsers, ShellNode } from '../domain/firewall/parsing/parsers.ts';

let loaded: Promise<Parsers> | undefined;

/** The parsers of the firewall, loaded on first use and shared by the process. */
export const loadParsers = (): Promise<Parsers> => (loaded ??= load());

async function load(): Promise<Parsers> {
  const [sql, shell, { compilePattern }, cel, { compileDraft2020 }] = await Promise.all([
    import('libpg-query'),
    import('unbash'),
    import('./re2.ts'),
    import('@marcbachmann/cel-js'),
    import('./json-schema.ts'),
  ]);
  await sql.loadModule();
  return {
    sql: (text) => sql.parseSync(text),
    shell: { parse: (text) => shell.parse(text) as ShellNode, children: (node) => childrenOf(shell, node) },
    pattern: compilePattern,
    expression: (text) => expressionOf(new cel.Environment({ unlistedVariablesAreDyn: false }), text),
    schema: compileDraft2020,
  };
}

function childrenOf(shell: typeof import('unbash'), node: ShellNode): ShellNode[] {
  const children: ShellNode[] = [];
  shell.forEachChild(node as never, (child: unknown) => {
    children.push(child as ShellNode);
  });
  return children;
}

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

/** Cache of converted values: all expressions of one call share it. */
const CONVERTED = new WeakMap<object, object>();

/**
 * CEL distinguishes integers from doubles and JSON does not, so whole numbers become integers. A member of an object is
 * converted when an expression first reads it, so that large unused members cost nothing.
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
    // An assignment to this key would set the prototype.
    else if (key === '__proto__') Object.defineProperty(members, key, { enumerable: true, value: asCel(inner) });
    else members[key] = asCel(inner);
  }
  return members;
}
