import type { Leaf } from '../parsing/normalised-input.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { visible } from '../text/confusables.ts';
import { keyWords } from '../text/key-words.ts';
import { minorDigitsOf } from './currencies.ts';
import type { WrittenAmount } from './money.ts';
import { ABOUT_AMOUNTS, AMOUNT_KEYS, CURRENCY_KEYS } from './words.ts';
import { numberIn } from './written-number.ts';

const AMOUNT = keyWords(AMOUNT_KEYS);
const NO_AMOUNT = keyWords(ABOUT_AMOUNTS);

const CACHE = new WeakMap<ParsedAction, readonly WrittenAmount[]>();

/** The amounts of an action, by their names or by the roles that the policy declares. */
export function amountsOf(action: ParsedAction): readonly WrittenAmount[] {
  const cached = CACHE.get(action);
  if (cached) return cached;
  const amounts = amountsWhere(action, ({ pointer, sets }) => {
    const role = action.roleAt(pointer);
    return role === undefined ? (sets & AMOUNT) !== 0 && (sets & NO_AMOUNT) === 0 : role === 'amount';
  });
  CACHE.set(action, amounts);
  return amounts;
}

/** The amounts at a place that a rule names, under any key. More than one only where the place holds encoded values. */
export const amountsAt = (action: ParsedAction, pointer: string): readonly WrittenAmount[] =>
  amountsWhere(action, (leaf) => leaf.pointer === pointer);

const NUMBER_ALONE = /^\s*(?:[A-Z]{3}\s?)?[-+\d][-+\d\s.,'_]*(?:[A-Z]{3})?\s*$/i;

function amountsWhere({ leaves }: ParsedAction, isAmount: (leaf: Leaf) => boolean): WrittenAmount[] {
  const codes = new Map<Leaf['owner'], readonly string[]>();
  const found: WrittenAmount[] = [];
  // Digits alone can also be base64 or hexadecimal: what they decode to is not another amount.
  const numbers = new Set<string>();
  for (const leaf of leaves) {
    if (leaf.kind !== 'value' || !isAmount(leaf) || (leaf.via.length > 0 && numbers.has(leaf.pointer))) continue;
    const written = numberIn(leaf.value);
    if (written === undefined) continue;
    if (leaf.via.length === 0 && NUMBER_ALONE.test(String(leaf.value))) numbers.add(leaf.pointer);
    const beside = codes.get(leaf.owner) ?? codesIn(leaf.owner);
    codes.set(leaf.owner, beside);
    const currency = [...new Set([...codeInText(leaf.value), ...beside])].sort().join('/');
    found.push({ pointer: leaf.pointer, written, currency });
  }
  return found;
}

/** `100 EUR`: a code in the text of the amount. Of several words in capitals, the known codes count. */
function codeInText(value: Leaf['value']): readonly string[] {
  if (typeof value !== 'string') return [];
  const words = visible(value.slice(0, 200)).match(/(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])/g) ?? [];
  const known = words.filter((word) => minorDigitsOf(word) !== undefined);
  return known.length > 0 ? known : words.slice(0, 1);
}

/** The codes that the members of an object name. `iso` may also be a country, so there only a known code counts. */
function codesIn(owner: Leaf['owner']): readonly string[] {
  return Object.entries(owner ?? {}).flatMap(([key, value]) => {
    if (typeof value !== 'string' && typeof value !== 'number') return [];
    const words = key.toLowerCase().split(/[^a-z]+/);
    const code = visible(String(value)).trim().toUpperCase().slice(0, 20);
    const named = words.some((word) => CURRENCY_KEYS.has(word) || word.endsWith('currency'));
    const isCode = named ? code !== '' : words.includes('iso') && minorDigitsOf(code) !== undefined;
    return isCode ? [code] : [];
  });
}
