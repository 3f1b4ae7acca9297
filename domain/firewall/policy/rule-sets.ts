import type { GuardrailRule, RuleSetName } from '../../../contracts/guardrails.ts';
import type { Policy } from '../../../contracts/policy.ts';

/** Actions that move money, with the verb of `create_refund` or `issuePayout` before it. A list of payments is not one. */
const PAYMENTS: GuardrailRule['applies_to'] = [
  ...['refund*', 'pay*', 'transfer*', 'send_money*', 'sendmoney*', 'withdraw*', 'wire*', 'reimburse*', 'disburse*'],
  ...['create', 'make', 'issue', 'initiate', 'send', 'process', 'request', 'submit'].flatMap((verb) =>
    ['refund', 'payout', 'payment', 'transfer', 'withdrawal'].flatMap((noun) => [
      `${verb}_${noun}*`,
      `${verb}${noun}*`,
    ]),
  ),
].map((action) => ({ action }));

/** A cap reads only amounts, so it may apply to every name that has such a word: `stripe_refunds_create`. */
const MOVES_MONEY: GuardrailRule['applies_to'] = [
  ...PAYMENTS,
  ...['*refund*', '*payout*', '*payment*', '*transfer*', '*withdraw*', '*money*'].map((action) => ({ action })),
  ...['*refund*', '*payout*', '*payment*', '*transfer*'].map((service) => ({ service })),
];

/**
 * Rule sets that a policy can add by name (`packs`). They only tighten: each adds limits to the built-in guardrails, for the
 * actions that its name refers to.
 */
export const RULE_SETS: Record<RuleSetName, readonly GuardrailRule[]> = {
  http: [
    { kind: 'egress', allowed_schemes: ['https'], allowed_ports: [80, 443, 8443] },
    {
      kind: 'loop_breaker',
      id: 'http-loop',
      max_repeats: 20,
      window_s: 60,
      applies_to: [{ action: 'http*' }, { action: 'fetch*' }, { action: 'request*' }],
    },
  ],
  sql: [
    {
      kind: 'sql',
      require_where: true,
      max_statements: 1,
      allow_verbs: ['select', 'insert', 'update', 'delete', 'explain'],
    },
  ],
  money: [
    {
      kind: 'velocity_limit',
      id: 'payments-rate',
      key: 'action',
      max: 30,
      window_s: 3_600,
      applies_to: PAYMENTS,
    },
    {
      kind: 'money',
      id: 'payments-cap',
      per_call: 100_000,
      applies_to: MOVES_MONEY,
    },
  ],
  iam: [{ kind: 'privilege', severity: 'critical' }],
  shell: [{ kind: 'shell', deny_network: true }],
  crm: [
    { kind: 'pii_scanner', entities: ['card', 'iban', 'national_id', 'email', 'phone'] },
    {
      kind: 'velocity_limit',
      id: 'crm-writes',
      key: 'service',
      max: 300,
      window_s: 3_600,
      applies_to: [{ service: 'crm*' }],
    },
  ],
};

/** The rules of a policy. Its own come first, so that a rule set never loosens or duplicates one of them. */
export const rulesOf = ({ guardrails = [], packs = [] }: Pick<Policy, 'guardrails' | 'packs'>): GuardrailRule[] => [
  ...guardrails,
  ...packs.flatMap((name) => RULE_SETS[name]),
];
