import type { Finding } from '../../contracts/verdict.ts';
import { keysOf, pointerToken } from '../../domain/json/pointer.ts';
import { html, type Markup, marked } from './html.ts';

type Places = ReadonlyMap<string, Finding>;

const RANK: Finding['severity'][] = ['low', 'medium', 'high', 'critical'];

/** The most severe finding at each place. */
function placesOf(findings: readonly Finding[]): Places {
  const places = new Map<string, Finding>();
  for (const finding of findings) {
    const there = places.get(finding.pointer);
    if (!there || RANK.indexOf(finding.severity) > RANK.indexOf(there.severity)) places.set(finding.pointer, finding);
  }
  return places;
}

const scalar = (value: unknown): Markup => {
  const kind = value === null ? 'null' : typeof value;
  return html`<span class="json-${kind}">${marked(JSON.stringify(value) ?? 'null')}</span>`;
};

function node(value: unknown, pointer: string, indent: string, places: Places): Markup {
  const finding = places.get(pointer);
  const text = inside(value, pointer, indent, places);
  return finding
    ? html`<mark class="${finding.severity}" title="${`${finding.severity}: ${finding.id}`}">${text}</mark>`
    : text;
}

const NEW_LINE = html`
`;

function inside(value: unknown, pointer: string, indent: string, places: Places): Markup {
  if (typeof value !== 'object' || value === null) return scalar(value);
  const deeper = `${indent}  `;
  const array = Array.isArray(value);
  const members: [string | number, unknown][] = array ? [...value.entries()] : Object.entries(value);
  if (members.length === 0) return array ? html`[]` : html`{}`;
  const lines = members.map(([key, member], index) => {
    const name = array ? '' : html`<span class="json-key">${marked(JSON.stringify(key))}</span>: `;
    const comma = index < members.length - 1 ? ',' : '';
    return html`${deeper}${name}${node(member, `${pointer}/${pointerToken(key)}`, deeper, places)}${comma}${NEW_LINE}`;
  });
  return html`${array ? '[' : '{'}${NEW_LINE}${lines}${indent}${array ? ']' : '}'}`;
}

/** A payload as JSON for people: indented, with invisible characters printed and the places of findings marked. */
export const payloadView = (payload: unknown, findings: readonly Finding[] = []): Markup =>
  html`<pre class="payload" tabindex="0">${node(payload, '', '', placesOf(findings))}</pre>`;

/** The value at a JSON Pointer, shortened; undefined if there is none. */
export function pointed(payload: unknown, pointer: string, maxLength = 300): string | undefined {
  let at: unknown = payload;
  for (const key of keysOf(pointer)) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  const text = jsonWithin(at, maxLength + 1);
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}

/** The beginning of a value's JSON, in the time that its length takes: a hundred findings may point at 4 MB. */
function jsonWithin(value: unknown, length: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, length));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const array = Array.isArray(value);
  let text = array ? '[' : '{';
  // `in` and not `entries`, which would copy all members.
  for (const key in value) {
    if (text.length > length) return text;
    const name = array ? '' : `${jsonWithin(key, length)}:`;
    text += `${text.length > 1 ? ',' : ''}${name}${jsonWithin((value as Record<string, unknown>)[key], length - text.length)}`;
  }
  return `${text}${array ? ']' : '}'}`;
}
