import { describe, expect, test } from 'vitest';
import { isSameOwner, ownerForm, ownerRefusal } from '../../domain/access/same-owner.ts';

describe('two spellings of one person', () => {
  test.each([
    ['DEV-AGENT', 'dev-agent'],
    ['ana', 'ana\u200b'],
    ['ana', '\u0000ana '],
    ['ａｎａ', 'ana'],
    ['STRASSE', 'straße'],
    ['ΟΔΥΣΣΕΥΣ', 'οδυσσευς'],
    ['ﬁn', 'FIN'],
    ['I', 'i'],
    ['e\u0301va', 'Éva'],
  ])('%j and %j', (one, other) => expect(isSameOwner(one, other)).toBe(true));
  test.each([
    ['ana', 'anna'],
    ['dev-agent', 'dev-agent-2'],
    ['a', 'а'], // Cyrillic: refused when a key is made
  ])('%j and %j are two people', (one, other) => expect(isSameOwner(one, other)).toBe(false));

  test('the form is stable over all letters', () => {
    for (let point = 0; point < 0x3_0000; point++) {
      if (point >= 0xd800 && point < 0xe000) continue;
      const form = ownerForm(String.fromCodePoint(point));
      if (ownerForm(form) !== form) throw new Error(`U+${point.toString(16)} is not stable`);
    }
  });
});

test.each([
  ['ana', ['ana', 'bo'], undefined],
  ['carla', ['ana'], undefined],
  ['ANA', ['ana'], /looks like the owner ana/],
  ['аna', ['ana'], /looks like the owner ana/],
] as const)('a key for %j beside %j', (owner, owners, why) =>
  why === undefined
    ? expect(ownerRefusal(owner, owners)).toBeUndefined()
    : expect(ownerRefusal(owner, owners)).toMatch(why),
);
