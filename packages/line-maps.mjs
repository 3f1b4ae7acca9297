/** Source maps that name lines and not columns: a quarter of the size, and a stack trace needs no more. */

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function numbersOf(segment) {
  const numbers = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    value += (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}

function textOf(numbers) {
  let text = '';
  for (const number of numbers) {
    let rest = number < 0 ? (-number << 1) | 1 : number << 1;
    do {
      const bits = rest & 31;
      rest >>= 5;
      text += DIGITS[rest > 0 ? bits | 32 : bits];
    } while (rest > 0);
  }
  return text;
}

/** `mappings` of a source map, with a segment only where a line begins or the line of the source changes. */
export function linesOnly(mappings) {
  const read = [0, 0, 0];
  const written = [0, 0, 0];
  return mappings
    .split(';')
    .map((line) => {
      const kept = [];
      let at = 0;
      let keptAt = 0;
      for (const segment of line.split(',').filter(Boolean)) {
        const [column, ...source] = numbersOf(segment);
        at += column;
        if (source.length < 3) continue;
        for (const i of [0, 1, 2]) read[i] += source[i];
        if (kept.length > 0 && read[0] === written[0] && read[1] === written[1]) continue;
        kept.push(textOf([at - keptAt, ...[0, 1, 2].map((i) => read[i] - written[i])]));
        keptAt = at;
        written.splice(0, 3, ...read);
      }
      return kept.join(',');
    })
    .join(';');
}
