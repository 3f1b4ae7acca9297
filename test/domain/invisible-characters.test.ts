import { expect, test } from 'vitest';
import { html, marked, prose } from '../../api/page/html.ts';
import { patchSentences } from '../../domain/diff.ts';
import { evidenceOf } from '../../domain/firewall/finding.ts';
import { codePointName, INVISIBLE, withInvisibleNamed } from '../../domain/invisible-characters.ts';

const ALL = Array.from({ length: 0x110000 }, (_, code) => String.fromCodePoint(code)).filter(
  (char) => char.search(INVISIBLE) === 0,
);

test('the table holds controls, formats, separators, fillers, selectors, tags and lone surrogates', () => {
  const some = [0x00, 0x1b, 0x85, 0xad, 0x34f, 0x61c, 0x115f, 0x17b4, 0x180e, 0x200b, 0x200f, 0x2028, 0x202e, 0x2060];
  const more = [
    0x2066, 0x2800, 0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0xd800, 0xdfff, 0x1d173, 0xe0001, 0xe0100,
  ];
  for (const code of [...some, ...more])
    expect(ALL, codePointName(String.fromCodePoint(code))).toContain(String.fromCodePoint(code));
  expect(ALL.length).toBeGreaterThan(6_000);
  for (const char of ['a', ' ', '\u00a0', '\u3000', 'é', '漢', '👍']) expect(ALL).not.toContain(char);
});

test('evidence, comparison and page name every character of the table', () => {
  for (const char of ALL) {
    const name = codePointName(char);
    expect(evidenceOf(`a${char}b`)).toBe(`a${name}b`);
    expect(patchSentences({ x: 'y' }, { x: `a${char}b` }).join()).toContain(`a${name}b`);
    expect(html`<p>${`a${char}b`}</p>`.toString()).toBe(`<p>a${name}b</p>`);
    expect(marked(`a${char}b`).toString()).toContain(name);
    if (!/[\r\n\t]/.test(char)) expect(prose(`a${char}b`).toString()).toBe(`a${name}b`);
  }
});

test('a variation selector is left to its emoji, and named anywhere else', () => {
  expect(withInvisibleNamed('❤\ufe0f 1\ufe0f\u20e3')).toBe('❤\ufe0f 1\ufe0f\u20e3');
  expect(withInvisibleNamed('a\ufe0f ❤\ufe0f\ufe0f')).toBe('aU+FE0F ❤\ufe0fU+FE0F');
});
