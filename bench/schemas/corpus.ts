import { readFileSync } from 'node:fs';

/** In a checkout and in the build, the data lies beside the sources. */
const FILE = new URL(
  import.meta.url.includes('/dist/') ? '../../../bench/data/schemas.jsonl' : '../data/schemas.jsonl',
  import.meta.url,
);

/** A part that several schemas refer to; it is added to each of them, with what it refers to itself. */
export interface Component {
  component: string;
  schema: object;
}

export interface RealSchema {
  id: string;
  source: string;
  schema: object;
  /** What ajv answered to each of `samplesOf(schema)`. */
  valid: boolean[];
}

const REFERENCE = /"\$ref":"#\/components\/schemas\/([^"]+)"/g;
const namesIn = (schema: object): string[] =>
  [...JSON.stringify(schema).matchAll(REFERENCE)].map(([, name]) => name as string);

/** The schema with all components that it reaches, as one document. */
export function closureOf(schema: object, components: ReadonlyMap<string, object>): object {
  const reached = new Map<string, object>();
  const todo = namesIn(schema);
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    const component = components.get(name);
    if (reached.has(name) || component === undefined) continue;
    reached.set(name, component);
    todo.push(...namesIn(component));
  }
  return reached.size === 0 ? schema : { ...schema, components: { schemas: Object.fromEntries(reached) } };
}

/** The collected schemas, each complete. */
export function readCorpus(): RealSchema[] {
  const components = new Map<string, object>();
  const found: RealSchema[] = [];
  for (const line of readFileSync(FILE, 'utf8').split('\n')) {
    if (line === '') continue;
    const record = JSON.parse(line) as Component | RealSchema;
    if ('component' in record) components.set(record.component, record.schema);
    else found.push({ ...record, schema: closureOf(record.schema, components) });
  }
  return found;
}
