/** Longer texts do not fit a column: they follow the table, by number. */
export const LONGEST_CELL = 160;

/** Rows with aligned columns; the first row is the header. */
export function table(rows: readonly (readonly string[])[]): string {
  const notes: string[] = [];
  const short = rows.map((row) => row.map((cell) => (cell.length > LONGEST_CELL ? `note ${notes.push(cell)}` : cell)));
  const widths = (short[0] ?? []).map((_, column) => Math.max(...short.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const [head = [], ...body] = short;
  return [
    line(head),
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...body.map(line),
    ...notes.map((note, at) => `note ${at + 1}: ${note}`),
  ].join('\n');
}
