import { described, guardrailRule, Pointers } from './rule.ts';

export const PromptInjectionRule = guardrailRule('prompt_injection', {
  pointers: described(Pointers, 'Places to read, with everything below them. Default: all'),
});
