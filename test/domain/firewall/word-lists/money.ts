import type { Policy } from '../../../../contracts/policy.ts';
import { pastAction } from '../../../../domain/firewall/past-action.ts';
import type { Exercise } from './exercise.ts';
import { prevents, reports } from './exercise.ts';

const money = (rule: object): { policy: Partial<Policy> } => ({ policy: { guardrails: [{ kind: 'money', ...rule }] } });

export const MONEY: Record<string, Exercise> = {
  AMOUNT_KEYS: reports('money/over_limit', (key) => ({ [key]: 500, currency: 'EUR' }), money({ per_call: 1 })),
  SURE_AMOUNT_KEYS: reports('money/unreadable', (key) => ({ [key]: 'all of it' }), money({ per_call: 1 })),
  ABOUT_AMOUNTS: prevents('money/over_limit', (word) => ({ [`amount_${word}`]: 500 }), money({ per_call: 1 })),
  CURRENCY_KEYS: prevents('money/currency', (key) => ({ amount: 5, [key]: 'USD' }), money({ currencies: ['USD'] })),
};

export const HISTORY: Record<string, Exercise> = {
  PAYEE_KEYS: {
    has: (key) => pastAction({ service: 'bank', action: 'pay', payload: { [key]: 'Bob' } }, 0).targets.includes('bob'),
  },
};
