import type { Role } from '../../contracts/key.ts';
import { skeletonOf } from '../firewall/text/confusables.ts';
import { ownerForm } from './same-owner.ts';

export interface KeyOwner {
  owner: string;
  role: Role;
}

/** Spellings that a person reads as one name. */
export interface LookAlikes {
  owners: { owner: string; roles: Role[] }[];
  /** One of them is an agent's and another one a person's: somebody may approve their own requests, or trust the wrong name. */
  agentBesidePerson: boolean;
}

/**
 * Owners whose names are one when they are folded, or look alike. The attacker had keys made before look-alikes were refused, or wrote an
 * owner elsewhere than on a key. Those with an agent's key beside a person's come first.
 */
export function lookAlikes(keys: readonly KeyOwner[]): LookAlikes[] {
  const groups = new Map<string, Map<string, Set<Role>>>();
  for (const { owner, role } of keys) {
    // The skeleton of the folded name: it is one for names of one form, and for names that look alike.
    const form = skeletonOf(ownerForm(owner));
    const group = groups.get(form) ?? new Map<string, Set<Role>>();
    groups.set(form, group.set(owner, (group.get(owner) ?? new Set()).add(role)));
  }
  return [...groups.values()]
    .filter((group) => group.size > 1)
    .map((group) => {
      const owners = [...group].map(([owner, roles]) => ({ owner, roles: [...roles] }));
      const agents = owners.filter(({ roles }) => roles.includes('agent'));
      const people = owners.filter(({ roles }) => roles.some((role) => role !== 'agent'));
      return { owners, agentBesidePerson: agents.some((a) => people.some((b) => a !== b)) };
    })
    .sort((a, b) => Number(b.agentBesidePerson) - Number(a.agentBesidePerson));
}
