import { z } from 'zod/v4';
import { described, guardrailRule, texts } from './rule.ts';

export const EgressRule = guardrailRule('egress', {
  allowed_schemes: texts(20, 30, 'Schemes a URL may have. Default: every one that calls a public service'),
  allowed_domains: texts(1_000, 253, 'Domains a URL may lie in, whole labels. Default: any public one'),
  denied_domains: texts(1_000, 253, 'Domains no URL may lie in; wins over the allowed ones'),
  allowed_ports: described(
    z.array(z.int().min(1).max(65_535)).max(100).optional(),
    'Ports a URL may name. Default: any',
  ),
  allowed_methods: texts(20, 20, 'HTTP methods an action may name. Default: any'),
  allowed_paths: texts(200, 1_000, 'Prefixes, at a slash, that the path of a URL must have. Default: any'),
  extra_blocked_addresses: texts(200, 50, 'Addresses or CIDR ranges that may not be called'),
  allow_private: described(
    z.boolean().optional(),
    'Default false. True allows private networks; metadata services stay blocked',
  ),
});
