import { describe, expect, test } from 'vitest';
import { compileDraft2020 } from '../../runtime/json-schema.ts';

describe('a schema of a policy', () => {
  const compile = compileDraft2020;
  const texts = (properties: Record<string, string>) =>
    compile({
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, pattern]) => [key, { type: 'string', pattern }]),
      ),
    });

  test('checks each value by its own pattern', () => {
    const check = texts({ currency: '^[A-Z]{3}$', account: '^[0-9]+$' });

    expect(check({ currency: 'EUR', account: '42' })).toEqual([]);
    expect(check({ currency: 'EUR', account: 'EUR' })).toMatchObject([{ pointer: '/account' }]);
    expect(check({ currency: '42', account: '42' })).toMatchObject([{ pointer: '/currency' }]);
  });

  test('matches its patterns in linear time', () => {
    const check = texts({ a: '^(a+)+$' });
    const started = Date.now();

    expect(check({ a: `${'a'.repeat(50_000)}!` })).toHaveLength(1);
    expect(Date.now() - started).toBeLessThan(2_000);
  });

  test.each([
    ['a reference to another document', { $ref: 'https://example.com/x.json' }, /another document/],
    ['more than 64 KB', { description: 'x'.repeat(70_000) }, /larger than 64 KB/],
    ['a type that does not exist', { type: 'nonsense' }, /schema is invalid/],
    ['a pattern that RE2 does not have', { type: 'string', pattern: '(?=a)' }, /./],
    ['a pattern of more than 1,000 characters', { type: 'string', pattern: 'a'.repeat(1_001) }, /1000 characters/],
  ])('is refused with %s', (_name, schema, reason) => {
    expect(() => compile(schema)).toThrow(reason);
  });

  test('reports the JSON Pointer of a violation', () => {
    const check = compile({
      type: 'object',
      properties: { 'a/b': { type: 'object', properties: { c: {} }, required: ['c'] } },
    });

    expect(check({ 'a/b': {} })).toEqual([{ pointer: '/a~1b', reason: "must have required property 'c'" }]);
  });
});

test('an unknown keyword is refused', () => {
  expect(() => compileDraft2020({ type: 'string', format_hint: 'x' })).toThrow(/format_hint/);
});
