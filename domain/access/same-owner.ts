import { skeletonOf } from '../firewall/text/confusables.ts';

const MAX_ROUNDS = 4;

/**
 * The form in which owners are compared: two spellings of one person have one form. Compatibility forms and case are folded, characters
 * that nobody sees are dropped. What is stored and shown is what was given. Upper case first, then lower: close to Unicode's full case
 * folding (`ẞ`, `ß` and `ss` are one). Never by locale: a Turkish server would keep `I` and `i` apart. Not for the workflow: another
 * release of ICU would replay it differently.
 */
export function ownerForm(owner: string): string {
  let form = owner;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = form
      .normalize('NFKC')
      .replace(/[\p{Default_Ignorable_Code_Point}\p{Cc}]/gu, '')
      .toUpperCase()
      .toLowerCase()
      .replaceAll('ς', 'σ')
      .normalize('NFKC')
      .trim();
    if (next === form) break;
    form = next;
  }
  return form;
}

/** The attacker has keys of two owners whose names differ in spelling, and approves with one what the other requested. */
export const isSameOwner = (one: string, other: string): boolean =>
  one === other || ownerForm(one) === ownerForm(other);

/** The actor of an unsigned Signal, which nobody authenticated. No owner has such a name: theirs have no colon (`contracts/key.ts`). */
export const botActor = (name: string): string => `bot:${name}`;

/** Why a new owner is refused, beside these owners of the project; undefined if it is not. */
export function ownerRefusal(owner: string, owners: readonly string[]): string | undefined {
  const form = ownerForm(owner);
  const alike = owners.find(
    (other) => other !== owner && (ownerForm(other) === form || skeletonOf(other) === skeletonOf(owner)),
  );
  return alike === undefined
    ? undefined
    : `looks like the owner ${alike}, who has keys: use that spelling, or another name`;
}
