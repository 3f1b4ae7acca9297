import type { Action, ActionContext } from '../../../../contracts/action.ts';
import type { Policy } from '../../../../contracts/policy.ts';
import { foundIn, reviewFlagged } from '../screening.ts';

/**
 * Shows what one entry of a list does: true when the entry has its effect. The placebo, a word that is in no list, must
 * not have it.
 */
export interface Exercise {
  has(entry: string): boolean;
  /** @default 'qqz' */
  placebo?: string;
}

export const ACME: Partial<Policy> = { allowed_domains: ['acme.example'] };
export const UNTRUSTED: ActionContext = { untrusted: true, task: 'Hello there' };

interface Setting {
  service?: string;
  action?: string;
  context?: ActionContext;
  policy?: Partial<Policy>;
}

const finds = (finding: string, payload: Record<string, unknown>, setting: Setting): boolean => {
  const { service = 'agent', action = 'do', context, policy } = setting;
  const called: Action = { service, action, payload };
  return foundIn(called, context, reviewFlagged(policy)).some((one) => one.startsWith(finding));
};

/** An entry makes the firewall report this finding: `privilege/admin_flag`, or `destination/extra_domain /cc`. */
export const reports = (
  finding: string,
  payloadOf: (entry: string) => Record<string, unknown>,
  setting: Setting | ((entry: string) => Setting) = {},
): Exercise => ({
  has: (entry) => finds(finding, payloadOf(entry), typeof setting === 'function' ? setting(entry) : setting),
});

/** An entry keeps the firewall from reporting it. */
export const prevents = (...args: Parameters<typeof reports>): Exercise => {
  const { has } = reports(...args);
  return { has: (entry) => !has(entry) };
};

/** As `reports`, for one finding of several. */
export const reportsOneOf = (
  findings: readonly string[],
  payloadOf: (entry: string) => Record<string, unknown>,
  setting: Setting = {},
): Exercise => ({ has: (entry) => findings.some((finding) => finds(finding, payloadOf(entry), setting)) });

/** As `reports`, of a command line. */
export const runs = (finding: string, commandOf: (entry: string) => string): Exercise =>
  reports(`shell/${finding}`, (entry) => ({ command: commandOf(entry) }), { action: 'run_command' });

/** As `reports`, of a statement. */
export const executes = (finding: string, statementOf: (entry: string) => string): Exercise =>
  reports(`sql/${finding}`, (entry) => ({ sql: statementOf(entry) }));
