import { z } from 'zod/v4';
import { described, guardrailRule, texts } from './rule.ts';

export const InfrastructureRule = guardrailRule('infrastructure', {
  protected_resources: texts(500, 300, 'Addresses or prefixes ending in * that no plan may change'),
  allow_delete: described(z.boolean().optional(), 'Default false. True lets a plan delete what is not protected'),
  allow_world_open: described(
    z.boolean().optional(),
    'Default false. True allows networks and buckets that are open to everybody',
  ),
});
