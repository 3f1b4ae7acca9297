import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffOf, patchSentences } from '../../domain/diff.ts';

describe('the difference in the shape of the published client', () => {
  test('objects recurse; a changed leaf or array is from and to', () => {
    const before = { amount: 500, to: { name: 'Ana', tags: ['a', 'b'] }, same: [1, { x: 1 }] };
    const after = { amount: 200, to: { name: 'Ana', tags: ['a'] }, same: [1, { x: 1 }] };
    expect(diffOf(before, after)).toEqual({
      changes: { amount: { from: 500, to: 200 }, to: { tags: { from: ['a', 'b'], to: ['a'] } } },
    });
  });

  test('a side that did not exist is absent, and null is a value', () => {
    expect(diffOf({ a: null }, { b: null })).toStrictEqual({ changes: { a: { from: null }, b: { to: null } } });
    expect(diffOf({ a: { b: 1 } }, { a: 1 })).toEqual({ changes: { a: { from: { b: 1 }, to: 1 } } });
  });

  test('nothing differs', () => {
    expect(diffOf({ a: [{ b: 1, c: 2 }] }, { a: [{ c: 2, b: 1 }] })).toBeUndefined();
    expect(patchSentences({ a: 1 }, { a: 1 })).toEqual([]);
  });

  test('a key named __proto__ is a key', () => {
    const changes = diffOf({}, JSON.parse('{"__proto__":{"admin":true}}'))?.changes;
    expect(Object.keys(changes ?? {})).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  test('it is undefined exactly when there is no sentence', () => {
    const json = fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(diffOf(a, structuredClone(a))).toBeUndefined();
        expect(diffOf(a, b) === undefined).toBe(patchSentences(a, b).length === 0);
      }),
    );
  });
});

describe('the difference as sentences for people', () => {
  test.each([
    [{ amount: 500 }, { amount: 200 }, ['amount: 500 → 200']],
    [
      { webhook_urls: ['https://a.example/', 'https://b.example/'] },
      { webhook_urls: ['https://a.example/'] },
      ['webhook_urls: removed 1 of 2 (https://b.example/)'],
    ],
    [{ tags: ['a', 'a'] }, { tags: ['a', 'b', 'c'] }, ['tags: removed 1 of 2 (a)', 'tags: added 2 (b, c)']],
    [{ tags: [1, 2] }, { tags: [2, 1] }, ['tags: same items in another order']],
    [{ a: 1 }, { b: { c: true } }, ['a: removed (was 1)', 'b: added ({"c":true})']],
    [{ rows: [{ id: 1, n: 1 }] }, { rows: [{ id: 1, n: 2 }] }, ['rows[0].n: 1 → 2']],
    [{ n: 5 }, { n: '5' }, ['n: 5 → "5"']],
    [{ s: 'open' }, { s: '' }, ['s: open → ""']],
    [{ s: 'x' }, { s: '\u202ey' }, ['s: x → U+202Ey']],
    [{ list: [1, 2, 3, 4, 5] }, { list: [] }, ['list: removed 5 of 5 (1, 2, 3, and 2 more)']],
  ])('%j becomes %j', (before, after, sentences) => {
    expect(patchSentences(before, after)).toEqual(sentences);
  });
});
