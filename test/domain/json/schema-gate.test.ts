import { describe, expect, test } from 'vitest';
import { schemaRefusal } from '../../../domain/json/schema-gate.ts';

const refusal = (schema: unknown) => schemaRefusal(JSON.stringify(schema));
const nested = (depth: number): object => (depth === 0 ? {} : { items: nested(depth - 1) });
/** Each level applies the next one twice to the same value: 2 to the power of `levels`. */
const doubling = (levels: number) => ({
  $ref: '#/definitions/l0',
  definitions: Object.fromEntries(
    Array.from({ length: levels + 1 }, (_, at) => [
      `l${at}`,
      at === levels
        ? { type: 'object' }
        : { allOf: [{ $ref: `#/definitions/l${at + 1}` }, { $ref: `#/definitions/l${at + 1}` }] },
    ]),
  ),
});

describe('a schema as tools write it is served', () => {
  test.each<[string, object]>([
    [
      'zod 4',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        properties: { a: { type: 'string' } },
      },
    ],
    [
      'pydantic',
      {
        $defs: {
          Node: { properties: { next: { anyOf: [{ $ref: '#/$defs/Node' }, { type: 'null' }] } }, type: 'object' },
        },
        $ref: '#/$defs/Node',
      },
    ],
    ['MCP, with a lookahead', { type: 'object', properties: { path: { type: 'string', pattern: '^(?!/etc)' } } }],
    ['a property called $ref', { properties: { $ref: { type: 'string' } } }],
    ['a property called pattern', { properties: { pattern: { type: 'string' } } }],
    ['an id at the root', { $id: 'https://example.com/s', type: 'object' }],
    ['several types', { type: ['string', 'null'] }],
    ['lists in dependencies', { dependencies: { a: ['b'] } }],
    [
      'a target outside the keywords',
      { $ref: '#/components/schemas/x', components: { schemas: { x: { type: 'object' } } } },
    ],
    ['an escaped pointer', { $ref: '#/$defs/a~1b%25', $defs: { 'a/b%': {} } }],
    ['a circle through the data', { properties: { child: { $ref: '#' } } }],
    ['64 levels', nested(64)],
    ['eight levels of doubling', doubling(8)],
  ])('%s', (_, schema) => expect(refusal(schema)).toBeUndefined());
});

describe('a bomb is refused by its shape', () => {
  test.each<[string, unknown, RegExp]>([
    ['doubling', doubling(31), /apply to one value/],
    ['a circle', { $ref: '#' }, /refers to itself/],
    [
      'a circle of three',
      { $ref: '#/$defs/a', $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { not: { $ref: '#/$defs/a' } } } },
      /refers to itself/,
    ],
    ['a circle in if', { if: { $ref: '#' } }, /refers to itself/],
    ['asynchronous', { $async: true }, /\$async/],
    ['asynchronous, below', { properties: { a: { $async: true } } }, /\$async/],
    ['data as schema', { properties: { a: { maximum: 1, $data: '1/b' } } }, /\$data/],
    ['dynamic references', { $dynamicRef: '#x' }, /dynamicRef/],
    ['another document', { $ref: 'https://example.com/x.json' }, /another document/],
    ['a file', { $ref: 'file:///etc/passwd' }, /another document/],
    ['an anchor', { $ref: '#x' }, /another document/],
    ['a part that is missing', { $ref: '#/$defs/x' }, /does not have/],
    ['the prototype', { $ref: '#/__proto__' }, /does not have/],
    ['an id below the root', { properties: { a: { $id: 'x' } } }, /\$id/],
    ['65 levels', nested(65), /deeper/],
    ['more than 10,000 parts', { anyOf: Array.from({ length: 10_001 }, () => ({})) }, /parts/],
    [
      'more than 500 patterns',
      { patternProperties: Object.fromEntries(Array.from({ length: 501 }, (_, at) => [`a${at}`, {}])) },
      /patterns/,
    ],
    ['a long pattern', { pattern: 'a'.repeat(1_001) }, /longer/],
    ['more than 64 KB', { description: 'x'.repeat(65_536) }, /64 KB/],
    ['a type that does not exist', { type: 'nonsense' }, /invalid/],
    ['a number for a schema', { properties: { a: 1 } }, /something else/],
    ['a list', [], /JSON object/],
    ['a broken pointer', { $ref: '#/%' }, /cannot be read/],
  ])('%s', (_, schema, why) => expect(refusal(schema)).toMatch(why));

  test('text that is no JSON', () => expect(schemaRefusal('{')).toMatch(/cannot be read/));
});
