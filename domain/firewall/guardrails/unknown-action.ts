import type { RuleOf } from '../../../contracts/guardrails.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { appliesTo } from '../policy/policy.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';

const UNLISTED = templatesOf('unknown_action')('unlisted', 'medium', 'The policy does not list this action.');

/** Actions that the policy does not list. */
const create = (rule: RuleOf<'unknown_action'>): Guardrail => ({
  id: 'unknown_action',
  check: ({ service, action }) =>
    appliesTo(rule.known, service, action) ? [] : [findingOf(UNLISTED, '', `${service}/${action}`)],
});

export const unknownAction: GuardrailDefinition<'unknown_action'> = {
  kind: 'unknown_action',
  builtIn: false,
  loosens: { known: 'also' },
  historyWindow: noHistory,
  create,
};
