import { NUMBER_TEXTS, NUMBERS, TEXTS, UNSTORABLE } from './hostile-corpus.ts';

/** Seeded choices, so that a seed and a number name one request. */
export class Dice {
  readonly #random: () => number;
  constructor(random: () => number) {
    this.#random = random;
  }
  /** From 0 to below `bound`. */
  int(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
  chance(share: number): boolean {
    return this.#random() < share;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)]!;
  }
  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.int(256)));
  }
}

export const hostileText = (dice: Dice): string => dice.pick(dice.chance(0.2) ? UNSTORABLE : TEXTS);

/** A value of any type, at most four levels deep. */
export function junk(dice: Dice, depth = 0): unknown {
  switch (dice.int(depth > 3 ? 4 : 7)) {
    case 0:
      return null;
    case 1:
      return dice.chance(0.5);
    case 2:
      return dice.pick(NUMBERS);
    case 3:
      return hostileText(dice);
    case 4:
      return Array.from({ length: dice.int(4) }, () => junk(dice, depth + 1));
    default: {
      const entries = Array.from({ length: dice.int(4) }, () => [hostileText(dice), junk(dice, depth + 1)] as const);
      return Object.fromEntries(entries);
    }
  }
}

export interface JsonSchema {
  [keyword: string]: any;
}

/** Texts that match one pattern or another of the contracts. */
const SAMPLES = ['24h', '90min', 'billing-agent', 'auto', 'crm-*', '*', '/amount', 'EUR', 'ana', 'x', 'yourco.com'];

/** A value for a schema of the OpenAPI document. `wild` is the share of places that get any value instead. */
export class Shapes {
  readonly #components: Record<string, JsonSchema>;
  /** The digest that a decision on the current request has to name. */
  digest = '';
  constructor(components: Record<string, JsonSchema>) {
    this.#components = components;
  }

  of(schema: JsonSchema, dice: Dice, wild: number, depth = 0): unknown {
    if (dice.chance(wild)) return junk(dice, depth);
    if (schema['$ref'])
      return this.of(this.#components[String(schema['$ref']).split('/').at(-1)!] ?? {}, dice, wild, depth);
    if ('const' in schema) return schema['const'];
    if (schema['enum']) return dice.pick(schema['enum'] as unknown[]);
    const branches: JsonSchema[] | undefined = schema['anyOf'] ?? schema['oneOf'];
    if (branches) return this.of(dice.pick(branches), dice, wild, depth);
    switch (schema['type']) {
      case 'object':
        return this.#object(schema, dice, wild, depth);
      case 'array':
        return Array.from({ length: (schema['minItems'] ?? 0) + dice.int(3) }, () =>
          this.of(schema['items'] ?? {}, dice, wild, depth + 1),
        );
      case 'string':
        return this.#text(schema, dice);
      case 'integer':
      case 'number':
        return this.#number(schema, dice);
      case 'boolean':
        return dice.chance(0.5);
      default:
        return junk(dice, depth);
    }
  }

  #object(schema: JsonSchema, dice: Dice, wild: number, depth: number): Record<string, unknown> {
    const required: string[] = schema['required'] ?? [];
    const made: [string, unknown][] = [];
    for (const [name, property] of Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>))
      if ((required.includes(name) && !dice.chance(wild)) || dice.chance(depth === 0 ? 0.4 : 0.15))
        made.push([name, this.of(property, dice, wild, depth + 1)]);
    if (schema['additionalProperties'] !== false && dice.chance(0.6))
      made.push([
        dice.chance(0.3) ? hostileText(dice) : dice.pick(['amount', 'to', 'url', 'text', 'sql']),
        junk(dice, depth + 1),
      ]);
    if (dice.chance(wild)) made.push([hostileText(dice), junk(dice, depth + 1)]);
    return Object.fromEntries(made);
  }

  #text(schema: JsonSchema, dice: Dice): string {
    if (dice.chance(0.2)) return hostileText(dice);
    const patterns: string[] = [schema, ...((schema['allOf'] ?? []) as JsonSchema[])].flatMap(
      ({ pattern }) => pattern ?? [],
    );
    const fitting = [...SAMPLES, this.digest].filter((text) =>
      patterns.every((pattern) => new RegExp(pattern, 'u').test(text)),
    );
    return fitting.length > 0 ? dice.pick(fitting) : dice.pick(TEXTS);
  }

  #number({ minimum = 0, maximum = 1_000 }: JsonSchema, dice: Dice): number {
    if (dice.chance(0.2)) return dice.pick(NUMBERS);
    return dice.pick([minimum, maximum, minimum + dice.int(Math.min(1_000, maximum - minimum + 1))]);
  }
}

const nested = (open: string, close: string, depth: number) => `${open.repeat(depth)}${close.repeat(depth)}`;

/** The bytes of a body that is nearly the JSON text of `value`. */
export function brokenJson(value: unknown, dice: Dice): Buffer {
  const text = JSON.stringify(value) ?? 'null';
  const at = dice.int(text.length + 1);
  const bytes = Buffer.from(text);
  const cut = dice.int(bytes.length + 1);
  const insert = (inserted: Buffer) => Buffer.concat([bytes.subarray(0, cut), inserted, bytes.subarray(cut)]);
  switch (dice.int(13)) {
    case 0:
      return Buffer.from(text.slice(0, at));
    case 1:
      return insert(Buffer.from([dice.pick([0x00, 0xff, 0xc0, 0x80, 0xed])]));
    case 2:
      return insert(dice.bytes(1 + dice.int(6)));
    case 3:
      return Buffer.from(`\ufeff${text}`);
    case 4:
      return Buffer.from(text, 'utf16le');
    case 5:
      return Buffer.from(text.replace(/^\{/, '{"service":"auto","service":"auto",'));
    case 6:
      return Buffer.from(text.replace(/:(?=[^:]*$)/, `:${dice.pick(NUMBER_TEXTS)},"n":`));
    case 7:
      return Buffer.from(text.replace(/:(?=[^:]*$)/, `:${nested('[', ']', dice.pick([10, 199, 201, 3_000]))},"n":`));
    case 8:
      return Buffer.from(nested('{"a":', '}', dice.pick([5, 300])));
    case 9:
      return Buffer.from(`${text}${dice.pick([text, ',', '}', '\0', '//', ' x'])}`);
    case 10:
      return Buffer.from(text.replace(/"/, dice.pick(['"\\ud800', '"\\u0000', '"\\', '"\\x', '"\\u00'])));
    case 11:
      return dice.bytes(dice.int(200));
    default:
      return Buffer.from(dice.pick(['', ' ', 'null', 'true', '0', '""', '[]', '{}', '{', '"']));
  }
}
