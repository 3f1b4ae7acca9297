import type { Leaf } from '../parsing/normalised-input.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { visible } from '../text/confusables.ts';
import { keyWords } from '../text/key-words.ts';
import { minorDigitsOf } from './currencies.ts';
import type { WrittenAmount } from './money.ts';
import { ABOUT_AMOUNTS, AMOUNT_KEYS, CURRENCY_KEYS, SURE_AMOUNT_KEYS } from './words.ts';
import { numberIn } from './written-number.ts';

const AMOUNT = keyWords(AMOUNT_KEYS);
const SURE_AMOUNT = keyWords(SURE_AMOUNT_KEYS);
const NO_AMOUNT = keyWords(ABOUT_AMOUNTS);

const CACHE = new WeakMap<ParsedAction, readonly WrittenAmount[]>();

/** The amounts of an action, by their names or by the roles that the policy declares. */
export function amountsOf(action: ParsedAction): readonly WrittenAmount[] {
  const cached = CACHE.get(action);
  if (cached) return cached;
  const amounts = amountsWhere(action, (leaf) => {
    const role = action.roleAt(leaf.pointer);
    if (role !== undefined) return role === 'amount' ? 'amount' : undefined;
    return kindOf(leaf);
  });
  CACHE.set(action, amounts);
  return amounts;
}

/** The amounts at a place that a rule names, under any key. More than one only where the place holds encoded values. */
export const amountsAt = (action: ParsedAction, pointer: string): readonly WrittenAmount[] =>
  amountsWhere(action, (leaf) => (leaf.pointer === pointer ? 'amount' : undefined));

/** Whether an amount is named and empty: to a program that pays, `null` can mean all that is left. */
export const hasEmptyAmount = (action: ParsedAction): boolean =>
  action.leaves.some(
    (leaf) =>
      leaf.kind === 'value' &&
      (leaf.value === null || leaf.value === true || (typeof leaf.value === 'string' && leaf.value.trim() === '')) &&
      (action.roleAt(leaf.pointer) ?? kindOf(leaf)) === 'amount',
  );

/** How sure it is that a value is an amount: by its key, or only if it looks like a number. */
type AmountKind = 'amount' | 'if_number';

function kindOf({ sets, near, via }: Leaf): AmountKind | undefined {
  if ((sets & NO_AMOUNT) !== 0) return undefined;
  if ((sets & SURE_AMOUNT) !== 0 && via.every((form) => NAMING_FORMS.has(form))) return 'amount';
  // `{ amount: { units: 500 } }`: what its parts are called is not known.
  return ((sets & AMOUNT) | (near & SURE_AMOUNT)) !== 0 ? 'if_number' : undefined;
}

/** Decoded forms in which a key names the value itself, not its encoding. */
const NAMING_FORMS: ReadonlySet<string> = new Set(['json', 'form', 'graphql']);

const NUMBER_ALONE = /^\s*(?:[A-Z]{3}\s?)?[-+\d][-+\d\s.,'_]*(?:[A-Z]{3})?\s*$/i;

function amountsWhere({ leaves }: ParsedAction, kindAt: (leaf: Leaf) => AmountKind | undefined): WrittenAmount[] {
  const codes = new Map<Leaf['owner'], readonly string[]>();
  const found: WrittenAmount[] = [];
  // Digits alone can also be base64 or hexadecimal: what they decode to is not another amount.
  const numbers = new Set<string>();
  for (const leaf of leaves) {
    if (leaf.kind !== 'value' || (leaf.via.length > 0 && numbers.has(leaf.pointer))) continue;
    const kind = kindAt(leaf);
    if (kind === undefined) continue;
    const text = typeof leaf.value === 'string' ? leaf.value : undefined;
    const isNumber = text === undefined || looksLikeNumber(text);
    if (kind === 'if_number' && !isNumber && ((leaf.sets & AMOUNT) === 0 || IDENTIFIER.test(text))) continue;
    const read = numberIn(leaf.value);
    // Under the key of an amount, what is not read as a number may be one to the program that pays: `NaN`, `five hundred`.
    const written =
      read ?? (text !== undefined && (kind === 'amount' || isNumber) && text.trim() !== '' ? '' : undefined);
    if (written === undefined) continue;
    const loose = text !== undefined && !INTEGER.test(text) && (kind === 'amount' || isNumber);
    if (leaf.via.length === 0 && NUMBER_ALONE.test(String(leaf.value))) numbers.add(leaf.pointer);
    const beside = codes.get(leaf.owner) ?? codesIn(leaf.owner);
    codes.set(leaf.owner, beside);
    const currency = [...new Set([...codeInText(leaf.value), ...beside])].sort().join('/');
    found.push({ pointer: leaf.pointer, written, currency, ...(loose && { loose }) });
  }
  return found;
}

const INTEGER = /^\s*[+-]?\d+\s*$/;
/** `ch_3Oabc`: the name of a charge. */
const IDENTIFIER = /^[a-z]{2,10}[_-][\w-]{1,200}$/i;

/** Whether a text is a number and its currency, in any spelling; a date or an address is not. */
const looksLikeNumber = (text: string): boolean =>
  text.length <= 200 && NUMBER_LIKE.test(visible(text).replace(/(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])/g, ''));
const NUMBER_LIKE =
  /^[\s\p{Sc}(]*(?:[-+\u2010-\u2012\u2212][\s\p{Sc}]*)?(?:(?=[^\s])[\p{N}\s.,'_\u2019\u066b\u066c]*(?:e[-+]?\d+)?|0x[\da-f]+|nan|inf(?:inity)?)[\s\p{Sc})-]*$/iu;

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
