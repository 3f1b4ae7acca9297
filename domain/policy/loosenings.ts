import type { Policy } from '../../contracts/policy.ts';
import { allowListOf } from '../firewall/hosts/allow-list.ts';
import { sameJson } from '../json/same-json.ts';
import { guardrailLoosenings } from './guardrail-loosenings.ts';
import { routingLoosenings } from './routing-loosenings.ts';

/** More than a person reads. A last sentence gives the number of the rest. */
const MAX_SENTENCES = 100;

/**
 * What a new policy allows that the old one did not, one sentence each; empty when it only tightens. A change that cannot be
 * compared counts as a loosening, and needs a reason.
 *
 * @example
 * loosenings(before, { ...before, allowed_domains: [...before.allowed_domains, 'partner.example'] });
 * // ['Domain added: partner.example.']
 */
export function loosenings(before: Policy, after: Policy): string[] {
  const found = [
    ...routingLoosenings(before, after),
    ...knownLoosenings(before, after),
    ...guardrailLoosenings(before, after),
    ...switchLoosenings(before, after),
    ...unknownMembers(before, after),
  ];
  if (found.length <= MAX_SENTENCES) return found;
  const rest = found.length - MAX_SENTENCES + 1;
  return [...found.slice(0, MAX_SENTENCES - 1), `And ${rest} more.`];
}

function knownLoosenings(before: Policy, after: Policy): string[] {
  const found: string[] = [];
  const allowed = allowListOf(before.allowed_domains);
  const covered = (entry: string): boolean => {
    const wanted = entry.trim().toLowerCase();
    const at = wanted.lastIndexOf('@');
    return at >= 0 ? allowed.email(wanted, wanted.slice(at + 1)) : allowed.host(wanted);
  };
  for (const entry of after.allowed_domains) {
    if (!before.allowed_domains.includes(entry) && !covered(entry)) found.push(`Domain added: ${entry}.`);
  }
  const recipients = new Set(before.known_recipients);
  const added = (after.known_recipients ?? []).filter((one) => !recipients.has(one));
  found.push(...added.map((one) => `Known recipient added: ${one}.`));
  const names = ({ allowed_domains, known_recipients = [] }: Policy) =>
    allowed_domains.length + known_recipients.length;
  if (names(before) > 0 && names(after) === 0)
    found.push('The policy names no destination any more, so none counts as unknown.');
  return found;
}

function switchLoosenings(before: Policy, after: Policy): string[] {
  const found: string[] = [];
  const ruleSets = new Set(after.packs);
  for (const name of before.packs ?? []) if (!ruleSets.has(name)) found.push(`Rule set removed: ${name}.`);
  if (!sameJson(before.arguments, after.arguments)) found.push('The roles of arguments changed.');
  if (after.undeclared === 'lenient' && before.undeclared !== 'lenient')
    found.push('An action that does not declare third-party text no longer counts as untrusted.');
  if (before.context_trust === 'tighten_only' && after.context_trust !== 'tighten_only')
    found.push('What the context names as known may make a verdict milder.');
  if (after.widening_patches === 'second_approver' && before.widening_patches !== 'second_approver')
    found.push('A patch with a finding that the original did not have may run, once a second approver approves it.');
  if (after.accept_unsigned_signals && !before.accept_unsigned_signals)
    found.push('accept_unsigned_signals was switched on: everyone who can write to the Temporal namespace can decide.');
  return found;
}

/** Members that do not affect verdicts, or that are compared above. */
const JUDGED = new Set([
  'default_routing',
  'routes',
  'allowed_domains',
  'known_recipients',
  'guardrails',
  'packs',
  'arguments',
  'undeclared',
  'context_trust',
  'widening_patches',
  'accept_unsigned_signals',
  'expires_in_ms',
  'permit',
  'resume_task_queue',
]);

/** A member that a later release adds counts as a loosening until it is compared here. */
function unknownMembers(before: Policy, after: Policy): string[] {
  const [was, is] = [before as Record<string, unknown>, after as Record<string, unknown>];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((name) => !JUDGED.has(name) && !sameJson(was[name], is[name]))
    .map((name) => `${name} changed.`);
}
