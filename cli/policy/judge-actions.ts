import type { Policy } from '../../contracts/policy.ts';
import type { Finding, Screening } from '../../contracts/verdict.ts';
import { evidenceOf } from '../../domain/firewall/finding.ts';
import { contextIn, NEW_SESSION, sessionAfter } from '../../domain/firewall/history/session.ts';
import { screenAction } from '../../domain/firewall/screen.ts';
import type { ScreenDeps } from '../../domain/firewall/screen-deps.ts';
import type { ActionToJudge } from './action-lines.ts';

export interface JudgedLine {
  judged: ActionToJudge;
  screening: Screening;
}

/**
 * Judges actions as the server would, and answers in the given order. The actions of a session are judged in the order of
 * `step`, each with the labels of the earlier ones; an action without a step follows its predecessor in the file.
 */
export function judgeActions(actions: readonly ActionToJudge[], policy: Policy, host: ScreenDeps): JudgedLine[] {
  const answers: JudgedLine[] = new Array(actions.length);
  for (const indices of bySession(actions)) {
    let session = NEW_SESSION;
    for (const index of indices) {
      const judged = actions[index]!;
      const context = contextIn(session, judged.context);
      const screening = asTheApi(judged, screenAction(judged.action, context, policy, undefined, host));
      session = sessionAfter(session, judged.action, context, screening);
      answers[index] = { judged, screening };
    }
  }
  return answers;
}

/** The API refuses an ambiguous payload, regardless of findings. */
function asTheApi({ refused }: ActionToJudge, screening: Screening): Screening {
  if (!refused) return screening;
  const { pointer, reason } = refused;
  const finding: Finding = {
    id: 'refused_payload',
    severity: 'high',
    pointer,
    evidence: evidenceOf(pointer),
    message: `The API refuses this payload: ${reason.replace(/^The body/, 'it')}`,
  };
  return { verdict: 'block', findings: [finding, ...screening.findings] };
}

/** The indices of each session, ordered by step; an action without a session is its own session. */
function bySession(actions: readonly ActionToJudge[]): number[][] {
  const sessions = new Map<string, { index: number; step: number }[]>();
  const alone: number[][] = [];
  for (const [index, { session, step }] of actions.entries()) {
    if (session === undefined) alone.push([index]);
    else {
      const steps = sessions.get(session) ?? [];
      if (steps.length === 0) sessions.set(session, steps);
      steps.push({ index, step: step ?? steps.at(-1)?.step ?? 0 });
    }
  }
  const sorted = [...sessions.values()].map((steps) => steps.sort((a, b) => a.step - b.step).map(({ index }) => index));
  return [...alone, ...sorted];
}
