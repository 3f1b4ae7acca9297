import type { Guardrail } from '../guardrail.ts';
import { destination } from './destination.ts';
import { egress } from './egress.ts';
import { flow } from './flow.ts';
import { infrastructure } from './infrastructure.ts';
import { piiScanner } from './pii-scanner.ts';
import { privilege } from './privilege.ts';
import { promptInjection } from './prompt-injection.ts';
import { secretScanner } from './secret-scanner.ts';
import { shell } from './shell.ts';
import { sql } from './sql.ts';

/** The guardrails that every project has, in the order in which their findings are listed. */
export const BUILT_IN: readonly Guardrail[] = [
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
