import type { Policy } from '../../contracts/policy.ts';
import type { Severity } from '../../contracts/verdict.ts';
import type { Guardrail } from './guardrail.ts';
import type { Parsers } from './parsers.ts';
import { SHIPPED } from './shipped.ts';

/** A guardrail that judges an action, and what the policy makes of its findings. */
export interface Chosen {
  guardrail: Guardrail;
  severity?: Severity | undefined;
  verdict?: 'hold' | 'block' | undefined;
}

const UNCONFIGURED: readonly Chosen[] = SHIPPED.map((guardrail) => ({ guardrail }));

/** The guardrails of a policy that judge an action. */
export function guardrailsFor(_policy: Policy, _parsers: Parsers, _service: string, _action: string): readonly Chosen[] {
  return UNCONFIGURED;
}
