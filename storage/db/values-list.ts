/** A VALUES list of numbered parameters, which are appended to `parameters`. */
export const valuesList = (parameters: unknown[], rows: unknown[][], types: readonly string[]): string =>
  rows.map((row) => `(${row.map((cell, i) => `$${parameters.push(cell)}::${types[i]}`).join(', ')})`).join(', ');
