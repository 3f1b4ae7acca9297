import type { GuardrailKind } from '../../contracts/guardrails.ts';
import type { Finding, Severity } from '../../contracts/verdict.ts';
import { withInvisibleNamed } from '../invisible-characters.ts';
import type { FindingName } from './finding-names.ts';

export const SEVERITY_RANK: Record<Severity, number> = { low: 0, medium: 1, high: 2, critical: 3 };

export const MAX_EVIDENCE_LENGTH = 200;

/** A finding without its place. */
export type FindingTemplate = Readonly<Pick<Finding, 'id' | 'severity' | 'message'>>;

/** Makes the templates of one kind of guardrail: their ids start with it. A name that is not listed does not compile. */
export const templatesOf =
  <Kind extends GuardrailKind>(kind: Kind) =>
  (name: FindingName<Kind>, severity: Severity, message: string): FindingTemplate => ({
    id: `${kind}/${name}`,
    severity,
    message,
  });

/** A finding at a place of the payload, with readable evidence. */
export const findingOf = ({ id, severity, message }: FindingTemplate, pointer: string, evidence: string): Finding => ({
  id,
  severity,
  pointer,
  evidence: evidenceOf(evidence),
  message,
});

/** Whether a finding alone holds the action: medium or worse. */
export const isHolding = (finding: Finding): boolean => SEVERITY_RANK[finding.severity] >= SEVERITY_RANK.medium;

/** The worst first; equal severities keep their order. */
export const worstFirst = (findings: readonly Finding[]): Finding[] =>
  [...findings].sort((a, b) => SEVERITY_RANK[b.severity] - SEVERITY_RANK[a.severity]);

/**
 * A value as evidence: at most 200 characters, with invisible characters (controls, direction marks, zero-width, lone
 * surrogates) printed as `U+202E`, so that the approver sees the trick.
 */
export function evidenceOf(text: string): string {
  if (text.length <= MAX_EVIDENCE_LENGTH && /^[\x20-\x7e]*$/.test(text)) return text;
  const shown = withInvisibleNamed(text.slice(0, MAX_EVIDENCE_LENGTH));
  if (text.length <= MAX_EVIDENCE_LENGTH && shown.length <= MAX_EVIDENCE_LENGTH) return shown;
  const cut = shown.slice(0, MAX_EVIDENCE_LENGTH - 1);
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}
