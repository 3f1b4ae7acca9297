import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { canonicalBytes } from '../../canonical-json.ts';
import type { Guardrail } from '../guardrail.ts';
import { moneyOf } from './money.ts';

type CostRule = Omit<RuleOf<'cost_guard'>, 'kind'>;

/** What a call may cost, at once and over a window, and how large it may be. */
export const costGuardOf = (rule: CostRule): Guardrail => {
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
          findings.push({
            id: 'cost_guard/too_large',
            severity: 'medium',
            pointer: '',
            evidence: `${size} bytes`,
            message: `This payload is larger than ${rule.max_bytes} bytes.`,
          });
      }
      const judged =
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
          findings.push({
            id: 'cost_guard/no_amount',
            severity: 'medium',
            pointer: amount_pointer,
            evidence: '',
            message: 'The amount that the policy limits is missing, or no whole number of minor units.',
          });
        }
        const named = leaf?.owner?.['currency'];
        if (currency !== undefined && typeof named === 'string' && named.toUpperCase() !== currency) {
          findings.push({
            id: 'cost_guard/currency',
            severity: 'medium',
            pointer: amount_pointer,
            evidence: named.slice(0, 10),
            message: `This amount is not in ${currency}.`,
          });
        }
      }
      for (const finding of counted.check(judged, context))
        findings.push({ ...finding, id: finding.id.replace(/^money\//, 'cost_guard/') });
      return findings;
    },
  };
};
