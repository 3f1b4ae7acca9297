import type { Policy } from 'letsping-temporal/contracts';

/**
 * The policy of these agents: the firewall allows actions without findings and holds the others; refunds and raw SQL always
 * need a person. The team's own bot may approve by a plain Temporal Signal.
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
