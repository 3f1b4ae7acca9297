import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail, GuardrailContext } from '../guardrail.ts';
import { scopeOf } from '../outbound/destination-scope.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { type Parsers, requiredParser } from '../parsing/parsers.ts';
import { visibleOf } from '../text/confusables.ts';
import { redacted, secretsIn } from '../text/secrets.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';

const template = templatesOf('secret_scanner');

type SecretRule = RuleOf<'secret_scanner'>;

/** Keys, tokens and passwords in what an action sends: held when it reaches an unlisted destination. */
const secretScannerOf = (rule: SecretRule, parsers: Parsers): Guardrail => {
  const extra = rule.extra_patterns?.map((pattern) => requiredParser(parsers, 'pattern')(pattern, false));
  return { id: 'secret_scanner', check: (action, context) => scanned(action, context, rule, extra) };
};

function scanned(
  action: ParsedAction,
  context: GuardrailContext,
  rule: SecretRule,
  extra: readonly ((text: string) => boolean)[] | undefined,
): Finding[] {
  const findings = new Map<string, Finding>();
  let reach: ReturnType<typeof scopeOf> | undefined;
  const add = (kind: string, shown: string, pointer: string): void => {
    reach ??= scopeOf(action, context);
    const always = rule.only_to_unknown === false;
    if (reach === 'nowhere' && !always) return;
    const severity = reach === 'unknown' || always ? 'high' : 'low';
    const leaves = template('secret', severity, `A ${kind} leaves with this call.`);
    findings.set(`${kind} ${pointer}`, findingOf(leaves, pointer, `${kind}: ${shown}`));
  };
  for (const value of action.values) {
    if (value.type !== 'text' || value.text.length < 12 || findings.size >= 50) continue;
    const text = visibleOf(value.text, value.classes);
    for (const secret of secretsIn(text)) add(secret.kind, redacted(secret.text), value.place.pointer);
    if (extra?.some((matches) => matches(text))) add('text of a configured pattern', 'redacted', value.place.pointer);
  }
  return [...findings.values()];
}

export const secretScanner: GuardrailDefinition<'secret_scanner'> = {
  kind: 'secret_scanner',
  builtIn: true,
  loosens: {
    extra_patterns: 'never',
    only_to_unknown: ['on_is_looser', true],
  },
  historyWindow: noHistory,
  create: secretScannerOf,
  compiles: 'extra_patterns',
};
