import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { isPointerIn } from '../parsing/pointer-match.ts';
import { lookAlike } from '../text/confusables.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';
import { MARKED, MARKERS } from './patterns.ts';

const template = templatesOf('prompt_injection');

type PromptInjectionRule = RuleOf<'prompt_injection'>;

/** Text in the arguments that is written for a model to obey. A hint: it can raise a verdict, never lower one. */
const promptInjectionOf = (rule: PromptInjectionRule): Guardrail => ({
  id: 'prompt_injection',
  check(action, context) {
    const findings = new Map<string, Finding>();
    for (const value of action.values) {
      if (value.type !== 'text' || value.text.length < 12 || findings.size >= 20 || findings.has(value.place.pointer))
        continue;
      if (!isPointerIn(value.place.pointer, rule.pointers)) continue;
      if (!MARKED.test(value.text)) continue;
      const text = lookAlike(value.text).replace(/(?:\\+[nrt])+/g, ' ');
      const marker = MARKERS.map((one) => one.exec(text)).find((hit) => hit);
      if (!marker) continue;
      const marked = template(
        'marker',
        context.untrusted ? 'medium' : 'low',
        'This text gives orders to a model: its author may be steering the agent.',
      );
      findings.set(value.place.pointer, findingOf(marked, value.place.pointer, marker[0]));
    }
    return [...findings.values()];
  },
});

export const promptInjection: GuardrailDefinition<'prompt_injection'> = {
  kind: 'prompt_injection',
  builtIn: true,
  loosens: { pointers: 'places' },
  historyWindow: noHistory,
  create: promptInjectionOf,
};
