import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { isPointerIn } from '../parsing/pointer-match.ts';
import { lookAlike } from '../text/confusables.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';

const template = templatesOf('prompt_injection');

type PromptInjectionRule = RuleOf<'prompt_injection'>;

/** Text that speaks to a model instead of to a person: orders to forget orders, false roles, secrecy towards the user. */
const MARKERS: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|preceding|all|any|your|the|system)\b.{0,30}\b(?:instructions?|prompts?|rules|directions|guidelines|messages?|context|restrictions)\b/i,
  /<\|(?:im_start|im_end|system|user|assistant|endoftext|begin_of_text|start_header_id|eot_id)\|>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:system|assistant|tool_call|function_call|tool_response)>/i,
  /^[^\S\r\n\u2028\u2029]*(?:#{1,4}[^\S\r\n\u2028\u2029]*)?(?:system|assistant|developer)\s{0,20}(?:(?:message|prompt|note|override)\s{0,20})?:\s{0,200}\S/im,
  /\b(?:you are|you're|act as|pretend to be|roleplay as)\b.{0,40}\b(?:an? (?:AI|assistant|language model|LLM|chatbot|agent)|in developer mode|DAN|unrestricted|jailbroken)\b/i,
  /\b(?:AI|language) (?:model|assistant|agent)\b.{0,400}\b(?:you (?:must|need to|have to|should)|please (?:do|send|call|use|perform|execute)|instructions?)\b/is,
  /\b(?:do not|don't|never|without)\b.{0,20}\b(?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?|alert(?:ing)?|notify(?:ing)?|reveal(?:ing)?)\b.{0,30}\b(?:the )?(?:user|human|operator|owner)\b/i,
  /\b(?:before|instead of|prior to)\b.{0,30}\b(?:you|your)\b.{0,60}\b(?:task|request|question|answer)\b.{0,160}\b(?:please|must|first|need to|have to|do the following)\b/is,
  /\b(?:reveal|print|repeat|output|show|leak)\b.{0,30}\b(?:system prompt|hidden prompt|initial instructions|your instructions)\b/i,
  /\bnew (?:instructions?|task|objective|directive)s?\s*:/i,
];

/** A word of every marker, or letters that may hide one: without, no marker is tried. */
const MARKED =
  /ignor|disreg|forget|overrid|bypass|<\||\[\/?inst|<<|<\/?(?:sys|ass|tool|func)|system|assistant|developer|you.re |you are|act as|pretend|roleplay|\bai\b|language|do not|don.t|never|without|before|instead|prior|reveal|print|repeat|output|show|leak|new |[^\x00-\x7f]/i;

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
