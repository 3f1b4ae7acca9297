import type { Action, ActionContext } from '../../contracts/action.ts';
import type { Policy } from '../../contracts/policy.ts';
import type { Finding, Screening } from '../../contracts/verdict.ts';
import { isSealedPayload, SEALED_MEMBER } from '../sealed-payload.ts';
import { type ActiveGuardrail, guardrailsFor } from './active-guardrails.ts';
import { contextsToJudge, trustUnder } from './context-trust.ts';
import { evidenceOf, type FindingTemplate, findingOf, isHolding, SEVERITY_RANK, worstFirst } from './finding.ts';
import type { Guardrail, GuardrailContext } from './guardrail.ts';
import { contextOf, observed } from './guardrail-context.ts';
import { parseAction } from './parsing/parse-action.ts';
import type { ParsedAction } from './parsing/parsed-action.ts';
import { NO_PARSERS } from './parsing/parsers.ts';
import { rolesOf } from './policy/argument-roles.ts';
import { type ActionRoute, blocks, routeOf } from './policy/policy.ts';
import type { ScreenDeps } from './screen-deps.ts';

export { BUILT_IN as GUARDRAILS } from './guardrails/definitions.ts';

/** More findings than a person reads. A further finding reports that the list was cut. */
export const MAX_FINDINGS = 100;

/**
 * Judges one action: parses its payload with every encoding undone, runs every guardrail, and routes the findings. Pure: the same
 * arguments give the same verdict. It fails closed: a guardrail that throws or returns no findings list, and a payload that the
 * client sealed, are held under every policy.
 *
 * @example
 * screenAction({ service: 'infra', action: 'http_request', payload: { url: 'http://169.254.169.254/' } }, {}, policy);
 * // { verdict: 'hold', held_by: 'finding', findings: [{ id: 'egress/metadata', pointer: '/url', … }] }
 */
export function screenAction(
  action: Action,
  context: ActionContext,
  policy: Policy,
  guardrails?: readonly Guardrail[],
  deps: ScreenDeps = {},
): Screening {
  const route = routeOf(policy, action.service, action.action);
  const untrusted = context.untrusted ?? false;
  const { findings, blocked, held } = findingsOf(action, context, policy, guardrails, deps);
  const listed = listedOf(findings);
  if (blocked || findings.some((finding) => blocks(route, finding.id))) return { verdict: 'block', findings: listed };
  if (!held && !isHeld(findings, route, untrusted)) return { verdict: 'allow', findings: listed };
  const byFinding =
    held || findings.some((finding) => isHolding(finding) || (untrusted && route.routing === 'review_flagged'));
  return { verdict: 'hold', findings: listed, held_by: byFinding ? 'finding' : 'policy' };
}

function isHeld(findings: readonly Finding[], route: ActionRoute, untrusted: boolean): boolean {
  if (route.routing === 'review_all') return true;
  if (findings.some((finding) => finding.id === 'guardrail_failed' || finding.id === 'sealed_payload')) return true;
  if (route.routing === 'review_flagged') return findings.some((finding) => untrusted || isHolding(finding));
  // The part that was not read could have contained what this route blocks.
  return (route.block?.length ?? 0) > 0 && findings.some((finding) => finding.id === 'payload_not_fully_judged');
}

interface Answered {
  findings: Finding[];
  /** Whether a guardrail with a configured verdict found something. It blocks or holds at any severity. */
  blocked: boolean;
  held: boolean;
}

function findingsOf(
  action: Action,
  context: ActionContext,
  policy: Policy,
  guardrails: readonly Guardrail[] | undefined,
  deps: ScreenDeps,
): Answered {
  const findings: Finding[] = [];
  const answered = { findings, blocked: false, held: false };
  if (isSealedPayload(action.payload)) findings.push(SEALED_PAYLOAD);
  let parsed: ParsedAction;
  try {
    const read = parseAction(action, rolesOf(policy, action.service, action.action));
    parsed = read.parsed;
    if (read.unread) findings.push(findingOf(NOT_FULLY_JUDGED, read.unread.pointer, read.unread.reason));
    if (!read.complete) findings.push(findingOf(NOT_FULLY_JUDGED, '', 'more URLs and mail addresses than are judged'));
  } catch {
    return { ...answered, findings: [...findings, failed('parsing')] };
  }
  const active: readonly ActiveGuardrail[] = guardrails
    ? guardrails.map((guardrail) => ({ guardrail }))
    : guardrailsFor(policy, deps.parsers ?? NO_PARSERS, action.service, action.action);
  const found = new Map<string, Finding>();
  const contexts = contextsToJudge(context, trustUnder(policy, deps.context_trust)).map((judged) =>
    observed(contextOf(judged, policy, deps)),
  );
  for (const { guardrail, severity, verdict } of active) {
    for (const around of contexts) {
      const answer = answerOf(guardrail, parsed, around.context);
      for (const finding of answer)
        add(found, severity && finding.id !== 'guardrail_failed' ? { ...finding, severity } : finding);
      if (answer.length > 0 && verdict === 'block') answered.blocked = true;
      if (answer.length > 0 && verdict === 'hold') answered.held = true;
      // A guardrail is pure: one that read nothing of this context answers the same under the others.
      if (!around.takeRead()) break;
    }
  }
  findings.push(...found.values());
  if (findings.length > MAX_FINDINGS)
    findings.push(findingOf(NOT_FULLY_JUDGED, '', `${findings.length} findings, more than are listed`));
  return answered;
}

/** The worst first. The verdict is of all findings: with a hundred others, an agent could push out one that blocks. */
function listedOf(findings: readonly Finding[]): Finding[] {
  if (findings.length <= MAX_FINDINGS) return worstFirst(findings);
  return worstFirst([...worstFirst(findings.slice(0, -1)).slice(0, MAX_FINDINGS - 1), findings.at(-1)!]);
}

/** A finding that several guardrails report, or one under several contexts, is listed once, with its worst severity. */
function add(found: Map<string, Finding>, finding: Finding): void {
  const key = `${finding.id}\u0000${finding.pointer}\u0000${finding.evidence}`;
  const known = found.get(key);
  if (!known || SEVERITY_RANK[finding.severity] > SEVERITY_RANK[known.severity]) found.set(key, finding);
}

function answerOf(guardrail: Guardrail, parsed: ParsedAction, context: GuardrailContext): Finding[] {
  try {
    const answer: unknown = guardrail.check(parsed, context);
    if (Array.isArray(answer) && answer.every(isFinding)) return answer;
  } catch {
    // A check that fails counts as a finding of high severity.
  }
  return [failed(guardrail.id)];
}

function isFinding(value: unknown): value is Finding {
  if (typeof value !== 'object' || value === null) return false;
  const { id, severity, pointer, evidence, message } = value as Record<string, unknown>;
  return (
    [id, pointer, evidence, message].every((text) => typeof text === 'string') &&
    typeof severity === 'string' &&
    Object.hasOwn(SEVERITY_RANK, severity)
  );
}

const SEALED_PAYLOAD = findingOf(
  {
    id: 'sealed_payload',
    severity: 'medium',
    message: 'The client sealed this payload, so no guardrail could read it.',
  },
  '',
  SEALED_MEMBER,
);

const NOT_FULLY_JUDGED: FindingTemplate = {
  id: 'payload_not_fully_judged',
  severity: 'medium',
  message: 'Part of this payload was not judged: it is too large, too deep or encoded too often.',
};

const failed = (guardrail_id: string): Finding => {
  const message = `The check "${evidenceOf(guardrail_id)}" failed, so what it looks for may be present.`;
  return findingOf({ id: 'guardrail_failed', severity: 'high', message }, '', guardrail_id);
};
