import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalBytes } from '../../domain/canonical-json.ts';

const text = (value: unknown) => new TextDecoder().decode(canonicalBytes(value));
const thrown = (work: () => unknown) => {
  try {
    return { value: work() };
  } catch {
    return 'refused';
  }
};

describe('canonical JSON', () => {
  test('is that of RFC 8785, sections 3.2.2 and 3.2.3', () => {
    const numbers = [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0];
    expect(text({ numbers, string: '€$\u000F\u000aA\'\u0042\u0022\u005c\\"/', literals: [null, true, false] })).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    const sorted = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect([...text(sorted).matchAll(/:(\d)/g)].map(([, at]) => Number(at))).toEqual([2, 4, 6, 7, 1, 5, 3]);
  });

  test('is that of another implementation, for any value and any text, and refuses what that refuses', () => {
    const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));
    const escapes = fc.stringMatching(/^[\\ud8abc"\ud83d\ude00]{0,12}$/u);
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        anyText,
        escapes,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom(null, true, false),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(fc.oneof(anyText, escapes), tie('value'), { maxKeys: 6 }),
      ),
    }));
    fc.assert(
      fc.property(value, (given) => {
        expect(thrown(() => text(given))).toEqual(thrown(() => canonicalize(given)));
      }),
      { numRuns: 3_000, seed: 8785 },
    );
  });

  test('refuses what JSON cannot say', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    for (const given of [undefined, () => 1, Number.NaN, Number.POSITIVE_INFINITY, 1n, loop, '\ud800', { '\udfff': 1 }])
      expect(() => canonicalBytes(given)).toThrow(TypeError);
    expect(text('\\ud800')).toBe('"\\\\ud800"');
    expect(text('\ud83d\ude00')).toBe('"\ud83d\ude00"');
  });
});
