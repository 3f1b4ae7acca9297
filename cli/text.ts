import { INVISIBLE, withInvisibleNamed } from '../domain/invisible-characters.ts';

const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** An agent's text as one harmless line: the escape character is printed as `U+001B`. */
export const visible = withInvisibleNamed;

/** The same, shortened to the width of a column. */
export function cell(text: string, width: number): string {
  const letters = [...visible(text)];
  return letters.length > width ? `${letters.slice(0, width - 1).join('')}…` : letters.join('');
}

/** One JSON document on one line, without characters that control a terminal. */
export const jsonLine = (value: unknown): string =>
  `${JSON.stringify(value).replace(INVISIBLE, (char) => char.split('').map(escaped).join(''))}\n`;

/** JSON for people: indented, with control characters made visible. */
export const prettyJson = (value: unknown, indent = '  '): string =>
  (JSON.stringify(value, null, 2) ?? 'nothing')
    .split('\n')
    .map((line) => `${indent}${visible(line)}\n`)
    .join('');

/** Rows with aligned columns; the last column is not padded. */
export function table(rows: string[][]): string {
  const widths = rows.reduce<number[]>((all, row) => row.map((text, i) => Math.max(all[i] ?? 0, [...text].length)), []);
  const line = (row: string[]) =>
    row
      .map((text, i) => text + ' '.repeat(widths[i]! - [...text].length))
      .join('  ')
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}

const UNITS: [number, string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** A duration in its largest unit: `3 min`. */
export function span(ms: number): string {
  const [size, unit] = UNITS.find(([least]) => Math.abs(ms) >= least) ?? [1_000, 's'];
  return `${Math.floor(Math.abs(ms) / size)} ${unit}`;
}

/** `3 min ago`, `in 23 h`. */
export const relative = (instant: string, now = Date.now()): string => {
  const ms = Date.parse(instant) - now;
  return ms > 0 ? `in ${span(ms)}` : `${span(ms)} ago`;
};
