import { describe, expect, test } from 'vitest';
import { html, marked, prose } from '../../api/page/html.ts';

describe('the template', () => {
  test('escapes every value, for text and for quoted attributes', () => {
    const evil = `<i a="b" c='d'>&`;
    expect(String(html`<p title="${evil}">${evil}</p>`)).toBe(
      '<p title="&lt;i a=&quot;b&quot; c=&#39;d&#39;&gt;&amp;">&lt;i a=&quot;b&quot; c=&#39;d&#39;&gt;&amp;</p>',
    );
    expect(String(html`${[evil, html`<b>${evil}</b>`]}`)).not.toContain('<i');
  });

  test('inserts only its own markup, and nothing for false, null and undefined', () => {
    expect(
      String(html`<ul>${['a', 'b'].map((item) => html`<li>${item}</li>`)}</ul>${false}${null}${undefined}${0}`),
    ).toBe('<ul><li>a</li><li>b</li></ul>0');
    const posing = { toString: () => '<script>' } as unknown as string;
    expect(String(html`${[String(posing)]}`)).toBe('&lt;script&gt;');
  });

  test.each([
    ['\u202E', 'U+202E'],
    ['\u200B', 'U+200B'],
    ['\u0000', 'U+0000'],
    ['\u3164', 'U+3164'],
    ['\u{E0041}', 'U+E0041'],
    ['\uD800', 'U+D800'],
    ['\n', 'U+000A'],
  ])('writes %j out as %s', (char, name) => {
    expect(String(html`a${char}b`)).toBe(`a${name}b`);
    expect(String(marked(`a${char}b`))).toBe(`a<span class="unseen">${name}</span>b`);
  });

  test('leaves what people can read, and the line breaks of prose', () => {
    expect(String(html`Grüße, 東京 ❤️ – שלום`)).toBe('Grüße, 東京 ❤️ – שלום');
    expect(String(prose('one\r\n<two>\u202E'))).toBe('one\n&lt;two&gt;U+202E');
  });
});
