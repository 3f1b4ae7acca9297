import type { Policy } from 'letsping-temporal/contracts';

/**
 * The policy of these agents: an ordinary day passes by itself, what the firewall finds is held, and money and raw SQL are always
 * looked at by a person. Their own bot may approve by a plain Temporal Signal.
 */
export const POLICY: Policy = {
  default_routing: 'review_flagged',
  routes: [
    { service: 'billing-agent', action: '*', routing: 'review_all' },
    { service: 'db-agent', action: 'sql', routing: 'review_all' },
  ],
  allowed_domains: ['yourco.com'],
  accept_unsigned_signals: true,
  resume_task_queue: 'office-agents',
};
