import { visible } from '../text/confusables.ts';
import { fromPercent } from '../text/decode.ts';

/** A step to the same folder or to the one above; a server may cut `;x` off. */
const STEP = /(?:^|[\\/])\.{1,2}(?:[\\/;]|$)/;
const PERCENT_STEP = /%(?:25)*(?:2e|2f|5c)/i;
const PARTS = /^([a-z][a-z0-9+.-]{0,30}:[\\/]{2}[^\\/?#]{0,300})?([^?#]*)([\s\S]*)$/i;
/** No system opens a longer path. */
const MAX_PATH = 4_096;
const MAX_VALUES = 10_000;

/** A path as a program opens it: `/workspace/../etc/x` is `/etc/x`. Undefined for a text that is no such path. */
export function resolvedPath(text: string): string | undefined {
  if (text.length > MAX_PATH) return undefined;
  const plain = PERCENT_STEP.test(text) ? fromPercent(fromPercent(text)) : text;
  const [, origin = '', path = '', rest = ''] = PARTS.exec(plain) ?? [];
  if (!STEP.test(path) && (/\s/.test(path) || !/[\\/]{2}/.test(path))) return undefined;
  const isAbsolute = /^[\\/]/.test(path);
  const names: string[] = [];
  for (const written of path.split(/[\\/]+/)) {
    const name = written.replace(/^(\.{1,2});.*$/s, '$1');
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.length > 0 && names.at(-1) !== '..') names.pop();
    else if (!isAbsolute) names.push(name);
  }
  const end = names.length > 0 && /[\\/]$/.test(path) ? '/' : '';
  const resolved = `${origin}${isAbsolute ? '/' : ''}${names.join('/')}${end}${rest}` || '.';
  return resolved === text ? undefined : resolved;
}

/** Plain ASCII without a separator of paths or a percent sign. */
const UNCHANGED = /^[\t-\r\x20-\x24\x26-\x2d\x30-\x5b\x5d-\x7e]*$/;

/** A text as a program may read it: without invisible and control characters, and as a path resolved. */
export function plainText(text: string): string {
  if (UNCHANGED.test(text)) return text;
  const shown = visible(text);
  return resolvedPath(shown) ?? shown;
}

/**
 * The payload with every text as a program may read it, or undefined when that is the payload itself. A rule of an operator
 * that compares texts judges both: an attacker must not pass it by a spelling that the tool undoes.
 */
export function plainPayload(payload: Payload): Payload | undefined {
  if (READ.has(payload)) return READ.get(payload);
  const plain = plainOf(payload);
  READ.set(payload, plain);
  return plain;
}

type Payload = Readonly<Record<string, unknown>>;

/** Cache: every rule that compares texts needs it. */
const READ = new WeakMap<Payload, Payload | undefined>();

function plainOf(payload: Payload): Payload | undefined {
  let changed = false;
  let count = 0;
  const plain = (value: unknown, depth: number): unknown => {
    count += 1;
    if (count > MAX_VALUES || depth > 64) return value;
    if (typeof value === 'string') {
      const text = plainText(value);
      if (text !== value) changed = true;
      return text;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((one) => plain(one, depth + 1));
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        const name = visible(key);
        if (name !== key) changed = true;
        return [name, plain(inner, depth + 1)];
      }),
    );
  };
  const read = plain(payload, 0) as Payload;
  return changed ? read : undefined;
}
