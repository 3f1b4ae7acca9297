import { expect, test } from 'vitest';
import { maySee } from '../../domain/access/permissions.ts';

const request = { requested_by: 'dev-agent', service: 'billing' };

test.each([
  [true, 'agent', 'dev-agent', null],
  [true, 'agent', 'DEV-Agent', ['billing']],
  [false, 'agent', 'dev-agent', ['shipping']],
  [false, 'agent', 'dev-agent', []],
  [false, 'agent', 'dev-agent2', null],
  [true, 'approver', 'ana', null],
  [true, 'admin', 'ana', null],
] as const)('%s: a key of the %s %s for %j sees a request of dev-agent for billing', (sees, role, owner, services) => {
  expect(maySee({ role, owner, services: services && [...services] }, request)).toBe(sees);
});
