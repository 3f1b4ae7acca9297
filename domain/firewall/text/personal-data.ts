import type { PII_ENTITIES } from '../../../contracts/guardrails.ts';
import { isIban } from './payment-accounts.ts';
import { anyOf } from './word-list.ts';
import { NATIONAL_ID_NAMES } from './words.ts';

export type PiiEntity = (typeof PII_ENTITIES)[number];
export interface Personal {
  entity: PiiEntity;
  text: string;
}

const CARD = /(?<![\d.,_-])\d(?:[ -]?\d){12,18}(?![\d_-]|[.,]\d)/g;
const IBAN = /(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Z0-9])/g;
const SSN = /(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g;
const NATIONAL = new RegExp(
  `\\b${anyOf(NATIONAL_ID_NAMES)}\\b[^A-Za-z0-9]{0,5}(?:is |no\\.? |number |: ?)?([A-Z]{0,3}\\d[A-Z0-9 .-]{5,18})`,
  'gi',
);
const EMAIL = /(?<![\w.+-])[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+/gi;
const PHONE = /(?<![\w.-])\+?\d{1,3}[ .-]?(?:\(\d{1,4}\)|\d{1,4})(?:[ .-]?\d{2,4}){2,4}(?![\w-])/g;
const MOST = 20;

/** The personal data in a text: checks the shape first, then the checksum or a nearby word. */
export function personalIn(text: string, entities: readonly PiiEntity[]): Personal[] {
  const found: Personal[] = [];
  const digits = (text.match(/\d/g) ?? []).length;
  const take = (entity: PiiEntity, pattern: RegExp, isOne: (hit: string) => boolean): void => {
    if (!entities.includes(entity)) return;
    let count = 0;
    for (const [hit] of text.matchAll(pattern)) {
      count += 1;
      if (count > MOST * 10 || found.length >= MOST) return;
      if (isOne(hit)) found.push({ entity, text: hit });
    }
  };
  if (digits >= 13) take('card', CARD, isCard);
  if (digits >= 8) take('iban', IBAN, (hit) => isIban(hit.replaceAll(' ', '')));
  if (digits >= 9) take('national_id', SSN, () => true);
  if (digits >= 6) take('national_id', NATIONAL, () => true);
  if (text.includes('@')) take('email', EMAIL, () => true);
  if (digits >= 8) take('phone', PHONE, (hit) => hit.replace(/\D/g, '').length >= 8 && !isCard(hit));
  return found;
}

/** ISO/IEC 7812: an issuer's first digits, and the checksum of Luhn. */
function isCard(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  if (
    !/^(?:4\d{12}(?:\d{3}(?:\d{3})?)?|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14,17})$/.test(
      digits,
    )
  )
    return false;
  let sum = 0;
  for (let at = digits.length - 1, twice = false; at >= 0; at -= 1, twice = !twice) {
    const digit = Number(digits[at]) * (twice ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0 && !/^(\d)\1+$/.test(digits);
}

/** The part that may be shown: the last four characters. */
export const maskedEnd = (text: string): string => `…${text.replace(/[\s-]/g, '').slice(-4)}`;
