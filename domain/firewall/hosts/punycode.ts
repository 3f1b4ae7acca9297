/** Decodes one `xn--` label (RFC 3492); returns other and malformed labels unchanged. */
export function decodedLabel(label: string): string {
  if (!label.startsWith('xn--')) return label;
  const encoded = label.slice(4);
  const split = encoded.lastIndexOf('-');
  const out = split > 0 ? Array.from(encoded.slice(0, split), (char) => char.charCodeAt(0)) : [];
  let [n, i, bias] = [128, 0, 72];
  let at = split > 0 ? split + 1 : 0;
  while (at < encoded.length) {
    const before = i;
    for (let [weight, k] = [1, 36]; ; k += 36) {
      const digit = digitOf(encoded.charCodeAt(at++));
      if (digit < 0) return label;
      i += digit * weight;
      const threshold = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
      if (digit < threshold) break;
      weight *= 36 - threshold;
    }
    const length = out.length + 1;
    bias = adapted(i - before, length, before === 0);
    n += Math.floor(i / length);
    i %= length;
    if (n > 0x10ffff) return label;
    out.splice(i++, 0, n);
  }
  return String.fromCodePoint(...out);
}

/** The name with every label decoded, as a person would see it. */
export const decodedName = (name: string): string => name.split('.').map(decodedLabel).join('.');

const digitOf = (unit: number): number => {
  if (unit >= 0x61 && unit <= 0x7a) return unit - 0x61;
  return unit >= 0x30 && unit <= 0x39 ? unit - 0x30 + 26 : -1;
};

function adapted(delta: number, length: number, first: boolean): number {
  let left = first ? Math.floor(delta / 700) : delta >> 1;
  left += Math.floor(left / length);
  let k = 0;
  for (; left > 455; k += 36) left = Math.floor(left / 35);
  return k + Math.floor((36 * left) / (left + 38));
}
