import type { Guardrail } from './guardrail.ts';
import { destination } from './guardrails/destination.ts';
import { egress } from './guardrails/egress.ts';
import { flow } from './guardrails/flow.ts';
import { privilege } from './guardrails/privilege.ts';
import { sql } from './guardrails/sql.ts';

/** The guardrails that every project has, in the order in which their findings are listed. */
export const SHIPPED: readonly Guardrail[] = [egress, destination, privilege, sql, flow];
