import type { Guardrail } from './guardrail.ts';
import { destination } from './guardrails/destination.ts';
import { egress } from './guardrails/egress.ts';
import { flow } from './guardrails/flow.ts';
import { infrastructure } from './guardrails/infrastructure.ts';
import { piiScanner } from './guardrails/pii-scanner.ts';
import { privilege } from './guardrails/privilege.ts';
import { promptInjection } from './guardrails/prompt-injection.ts';
import { secretScanner } from './guardrails/secret-scanner.ts';
import { shell } from './guardrails/shell.ts';
import { sql } from './guardrails/sql.ts';

/** The guardrails that every project has, in the order in which their findings are listed. */
export const SHIPPED: readonly Guardrail[] = [
  egress,
  destination,
  privilege,
  sql,
  shell,
  infrastructure,
  secretScanner,
  piiScanner,
  promptInjection,
  flow,
];
