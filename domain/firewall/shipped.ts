import type { Guardrail } from './guardrail.ts';
import { destination } from './guardrails/destination.ts';
import { egress } from './guardrails/egress.ts';
import { privilege } from './guardrails/privilege.ts';

/** The guardrails that every project has, in the order in which their findings are listed. */
export const SHIPPED: readonly Guardrail[] = [egress, destination, privilege];
