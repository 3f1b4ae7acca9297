import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseGuarded } from '../../../domain/json/guard.ts';
import { pointerOf } from '../../../domain/json/pointer.ts';

const refused = (text: string) => {
  const answer = parseGuarded(text);
  return answer.ok ? 'accepted' : `${answer.code} ${answer.pointer}`;
};

describe('what the guard refuses, and where', () => {
  test.each([
    ['nothing', '', 'not_json '],
    ['a comment', '{"a": 1 /* x */}', 'not_json /a'],
    ['a line comment', '// x\n{}', 'not_json '],
    ['a trailing comma in an object', '{"a":1,}', 'not_json '],
    ['a trailing comma in an array', '{"a":[1,]}', 'not_json /a/1'],
    ['a leading comma', '[,1]', 'not_json /0'],
    ['NaN', '{"a":NaN}', 'not_json /a'],
    ['Infinity', '{"a":-Infinity}', 'not_json /a'],
    ['a leading zero', '[01]', 'not_json /0'],
    ['a bare decimal point', '[1.]', 'not_json /0'],
    ['a plus sign', '[+1]', 'not_json /0'],
    ['single quotes', "{'a':1}", 'not_json '],
    ['a bare key', '{a:1}', 'not_json '],
    ['a second value', '{} {}', 'not_json '],
    ['a byte order mark', '\ufeff{}', 'not_json '],
    ['an open string', '{"a":"b', 'not_json /a'],
    ['an open array', '{"a":[1', 'not_json /a/0'],
    ['a bad escape', '["\\x41"]', 'not_json /0'],
    ['a raw line break in a string', '["a\nb"]', 'not_json /0'],
    ['the wrong bracket', '{"a":[1}]', 'not_json /a/0'],
    ['a duplicate key', '{"a":1,"b":{"x":1,"x":2}}', 'duplicate_key /b/x'],
    ['an escaped duplicate key', '{"role":1,"r\\u006fle":2}', 'duplicate_key /role'],
    ['a duplicate deep in an array', '[[{"a/b~c":1,"a/b~c":2}]]', 'duplicate_key /0/0/a~1b~0c'],
    ['__proto__', '{"a":{"__proto__":{}}}', 'forbidden_key /a/__proto__'],
    ['an escaped __proto__', '{"__pr\\u006fto__":1}', 'forbidden_key /__proto__'],
    ['constructor.prototype', '{"constructor":{"prototype":{}}}', 'forbidden_key /constructor/prototype'],
    ['2^53 + 1', '{"a":[9007199254740993]}', 'number_out_of_range /a/0'],
    ['2^53, which 2^53 + 1 reads as too', '[-9007199254740992]', 'number_out_of_range /0'],
    ['2^53 + 1 with a point', '[9007199254740993.0]', 'number_out_of_range /0'],
    ['an overflow', '{"a":1e400}', 'number_out_of_range /a'],
    ['an overflow in digits', `[${'9'.repeat(400)}]`, 'number_out_of_range /0'],
    ['a number that vanishes', '[1e-400]', 'number_out_of_range /0'],
    ['half of a pair', '{"a":"\\ud83d"}', 'lone_surrogate /a'],
    ['half of a pair, bare', '{"a":"x\udc00"}', 'lone_surrogate /a'],
    ['a pair in the wrong order', '["\\udc00\\ud83d"]', 'lone_surrogate /0'],
    ['half of a pair in a key', '{"k":{"\\ud83d":1}}', 'lone_surrogate /k'],
  ])('%s', (_, text, expected) => {
    expect(refused(text)).toBe(expected);
  });

  test('one level more than the limit', () => {
    expect(refused(`${'['.repeat(200)}${']'.repeat(200)}`)).toBe('accepted');
    expect(refused(`${'['.repeat(201)}${']'.repeat(201)}`)).toBe(`too_deep ${'/0'.repeat(200)}`);
    expect(parseGuarded('[[1]]', { maxDepth: 1 })).toMatchObject({ code: 'too_deep', pointer: '/0' });
  });

  test('one value more than the limit', () => {
    expect(refused(`[${'1,'.repeat(19_998)}1]`)).toBe('accepted');
    expect(refused(`[${'1,'.repeat(19_999)}1]`)).toBe('too_many_values /19999');
  });
});

describe('what the guard accepts', () => {
  test.each([
    ' {"a" : [ ] , "b" : { } }\r\n\t',
    '[9007199254740991,-9007199254740991,1e20,1.5e-7,-0,0.0,0e999]',
    '"😀 \\ud83d\\ude00 \\u0000"',
    '{"constructor":{"name":"x"},"prototype":1,"proto":2}',
    '{"":{"":1}}',
    'true',
    ' null',
  ])('%s', (text) => {
    expect(parseGuarded(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });

  test('whatever JSON.stringify writes, as it was', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const answer = parseGuarded(text);
        if (answer.ok) expect(answer.value).toEqual(JSON.parse(text));
        else expect(answer.code).toMatch(/forbidden_key|number_out_of_range|lone_surrogate/);
      }),
    );
  });

  test('nothing that JSON.parse refuses', () => {
    const noise = fc.array(fc.constantFrom(...'{}[]:,"\\0123456789.eE+- tfn\nulrsa'.split(''), 'true', '"a"'), {
      maxLength: 25,
    });
    fc.assert(
      fc.property(noise, (parts) => {
        const text = parts.join('');
        if (parseGuarded(text).ok) expect(() => JSON.parse(text)).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });
});

test('a refusal never repeats a key as long as the body', () => {
  const key = 'k'.repeat(100_000);
  expect(parseGuarded(`{"a":{"${key}":{"x":NaN}}}`)).toMatchObject({ pointer: '/a' });
});

test('a pointer escapes its tokens', () => {
  expect(pointerOf(['a/b', 0, '~1', ''])).toBe('/a~1b/0/~01/');
});

describe('hostile bodies cost bounded time', () => {
  const MB = 1_000_000;
  test.each([
    ['120,000 nested arrays', '['.repeat(120_000) + ']'.repeat(120_000)],
    ['many keys', `{${Array.from({ length: 99_990 }, (_, i) => `"key_${i}_${'y'.repeat(28)}":1`).join(',')}}`],
    ['many small values', `[${'1,'.repeat(2 * MB)}1]`],
    ['one long string', `"${'x'.repeat(4 * MB)}"`],
    ['one long escaped string', `"${'\\u0041'.repeat(700_000)}"`],
    ['one long number', `[0.${'1'.repeat(4 * MB)}]`],
    ['an open string', `["${'x'.repeat(4 * MB)}`],
    ['white space', `${' '.repeat(4 * MB)}1`],
  ])('%s', (_, text) => {
    const costs = [1, 2, 3].map(() => {
      const before = process.cpuUsage();
      parseGuarded(text);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1_000;
    });
    expect(Math.min(...costs)).toBeLessThan(100 + (100 * text.length) / MB);
  });
});
