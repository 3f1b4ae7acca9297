import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { canonicalBytes } from '../../canonical-json.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import type { GuardrailDefinition } from './definition.ts';
import { moneyOf } from './money.ts';

const template = templatesOf('cost_guard');

type CostRule = Omit<RuleOf<'cost_guard'>, 'kind'>;

const DAY_S = 86_400;

/** What a call may cost, at once and over a window, and how large it may be. */
const costGuardOf = (rule: CostRule): Guardrail => {
  const { per_call, per_window, window_s, currency, amount_pointer } = rule;
  const counted = moneyOf({
    ...(per_call !== undefined && { per_call }),
    ...(per_window !== undefined && { per_window }),
    ...(window_s !== undefined && { window_s }),
  });
  return {
    id: 'cost_guard',
    check(action, context) {
      const findings: Finding[] = [];
      if (rule.max_bytes !== undefined) {
        const size = canonicalBytes(action.payload).length;
        if (size > rule.max_bytes)
          findings.push(
            findingOf(
              template('too_large', 'medium', `This payload is larger than ${rule.max_bytes} bytes.`),
              '',
              `${size} bytes`,
            ),
          );
      }
      const limited =
        amount_pointer === undefined
          ? action
          : {
              ...action,
              roleAt: (pointer: string) =>
                (pointer === amount_pointer ? 'amount' : 'free_text') as 'amount' | 'free_text',
            };
      if (amount_pointer !== undefined && (per_call !== undefined || per_window !== undefined)) {
        const leaf = action.leaves.find((one) => one.kind === 'value' && one.pointer === amount_pointer);
        if (typeof leaf?.value !== 'number' || !Number.isSafeInteger(leaf.value)) {
          findings.push(
            findingOf(
              template(
                'no_amount',
                'medium',
                'The amount that the policy limits is missing, or no whole number of minor units.',
              ),
              amount_pointer,
              '',
            ),
          );
        }
        const named = leaf?.owner?.['currency'];
        if (currency !== undefined && typeof named === 'string' && named.toUpperCase() !== currency) {
          findings.push(
            findingOf(
              template('currency', 'medium', `This amount is not in ${currency}.`),
              amount_pointer,
              named.slice(0, 10),
            ),
          );
        }
      }
      for (const finding of counted.check(limited, context))
        findings.push({ ...finding, id: finding.id.replace(/^money\//, 'cost_guard/') });
      return findings;
    },
  };
};

export const costGuard: GuardrailDefinition<'cost_guard'> = {
  kind: 'cost_guard',
  builtIn: false,
  loosens: {
    amount_pointer: 'any_change',
    currency: 'any_change',
    per_call: 'most',
    per_window: 'most',
    window_s: ['least', DAY_S],
    max_bytes: 'most',
  },
  historyWindow: ({ per_window, window_s = DAY_S }) => (per_window === undefined ? undefined : window_s * 1_000),
  create: costGuardOf,
};
