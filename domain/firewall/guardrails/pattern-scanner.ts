import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { type Parsers, requiredParser } from '../parsing/parsers.ts';
import { plainText } from '../parsing/plain-payload.ts';
import { isPointerIn } from '../parsing/pointer-match.ts';
import { skeletonOf } from '../text/confusables.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';

type PatternScannerRule = RuleOf<'pattern_scanner'>;

const MAX_HITS = 20;
const MAX_TEXT = 64 * 1024;
const template = templatesOf('pattern_scanner');

/** Texts that the operator looks for: a pattern in linear time, or whole values. */
function create(rule: PatternScannerRule, parsers: Parsers): Guardrail {
  const matches = matcherOf(rule, parsers);
  const places = rule.pointer === undefined ? undefined : [rule.pointer];
  const match = template('match', 'medium', rule.message ?? 'The policy looks for this.');
  return {
    id: 'pattern_scanner',
    check(action) {
      const findings: Finding[] = [];
      for (const leaf of action.leaves) {
        if (leaf.kind !== 'value' || leaf.value === null || !isPointerIn(leaf.pointer, places)) continue;
        const text = String(leaf.value);
        // A text that is too long to read counts as a hit.
        const plain = plainText(text);
        const isHit = (one: string): boolean => matches(one) !== (rule.negate ?? false);
        const hit = text.length > MAX_TEXT || isHit(text) || (plain !== text && isHit(plain));
        if (hit) findings.push(findingOf(match, leaf.pointer, text));
        if (findings.length >= MAX_HITS) break;
      }
      return findings;
    },
  };
}

function matcherOf(rule: PatternScannerRule, parsers: Parsers): (text: string) => boolean {
  const ignoreCase = rule.case === 'ignore';
  const fold = (text: string): string => (ignoreCase ? skeletonOf(text) : text);
  const values = rule.values && new Set(rule.values.map(fold));
  const pattern = rule.pattern === undefined ? undefined : requiredParser(parsers, 'pattern')(rule.pattern, ignoreCase);
  return (text) => (values?.has(fold(text)) ?? false) || (pattern?.(text.slice(0, MAX_TEXT)) ?? false);
}

export const patternScanner: GuardrailDefinition<'pattern_scanner'> = {
  kind: 'pattern_scanner',
  builtIn: false,
  loosens: {
    pointer: 'any_change',
    pattern: 'any_change',
    values: 'any_change',
    case: ['any_change', 'exact'],
    negate: ['any_change', false],
    message: 'words',
  },
  historyWindow: noHistory,
  create,
  compiles: 'pattern',
  contradiction: ({ pattern, values }) =>
    (pattern === undefined) === (values === undefined)
      ? 'A pattern_scanner takes either a pattern or values.'
      : undefined,
};
