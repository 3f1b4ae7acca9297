import { expect, test } from 'vitest';
import type { Role } from '../../contracts/key.ts';
import { lookAlikes } from '../../domain/access/look-alikes.ts';

const keys = (...owners: [string, Role][]) => owners.map(([owner, role]) => ({ owner, role }));

test('owners whose names are one folded, or look alike, are found, an agent beside a person first', () => {
  const found = lookAlikes(
    keys(
      ...([
        ['Ana', 'approver'],
        ['ana', 'admin'],
        ['bo', 'agent'],
      ] as [string, Role][]),
      ...([
        ['dev-agent', 'agent'],
        ['DEV-AGENT', 'approver'],
        ['dev-аgent', 'approver'],
      ] as [string, Role][]),
    ),
  );
  expect(found.map(({ owners, agentBesidePerson }) => [owners.map(({ owner }) => owner), agentBesidePerson])).toEqual([
    [['dev-agent', 'DEV-AGENT', 'dev-аgent'], true],
    [['Ana', 'ana'], false],
  ]);
});

test('several keys of one spelling, and other names, are not', () => {
  expect(lookAlikes(keys(['ana', 'agent'], ['ana', 'approver'], ['anna', 'approver'], ['bo', 'agent']))).toEqual([]);
  expect(lookAlikes([])).toEqual([]);
});
