import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { scopeOf } from '../outbound/destination-scope.ts';
import { isPointerIn } from '../parsing/pointer-match.ts';
import { CHARACTER_CLASSES } from '../text/character-classes.ts';
import { visibleOf } from '../text/confusables.ts';
import { maskedEnd, personalIn } from '../text/personal-data.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';

const template = templatesOf('pii_scanner');

type PiiScannerRule = RuleOf<'pii_scanner'>;

const NAMES = {
  card: 'card number',
  iban: 'bank account',
  national_id: 'national id',
  email: 'mail address',
  phone: 'phone number',
} as const;

const DEFAULT_ENTITIES = ['card', 'iban', 'national_id'] satisfies PiiScannerRule['entities'];

/** Numbers that identify a person have at least six digits. */
const MAY_HOLD = CHARACTER_CLASSES.digits6 | CHARACTER_CLASSES.at | CHARACTER_CLASSES.nonAscii;

/** Personal data in what an action sends, by form and checksum: held when it reaches an unlisted destination. */
const piiScannerOf = (rule: PiiScannerRule): Guardrail => ({
  id: 'pii_scanner',
  check(action, context) {
    const entities = rule.entities ?? DEFAULT_ENTITIES;
    const findings = new Map<string, Finding>();
    let reach: ReturnType<typeof scopeOf> | undefined;
    for (const value of action.values) {
      if (value.type !== 'text' || findings.size >= 50 || !isPointerIn(value.place.pointer, rule.pointers)) continue;
      if ((value.classes & MAY_HOLD) === 0) continue;
      const text = visibleOf(value.text, value.classes);
      for (const one of personalIn(text, entities)) {
        reach ??= scopeOf(action, context);
        const always = rule.only_to_unknown === false;
        // The account that is paid is the receiver, not leaked data.
        if ((reach === 'nowhere' && !always) || context.known.names(one.text)) continue;
        const severity = reach === 'unknown' || always ? 'high' : 'low';
        const leaves = template(one.entity, severity, `A ${NAMES[one.entity]} leaves with this call.`);
        const evidence = `${NAMES[one.entity]} ${maskedEnd(one.text)}`;
        findings.set(`${one.entity} ${value.place.pointer}`, findingOf(leaves, value.place.pointer, evidence));
      }
    }
    return [...findings.values()];
  },
});

export const piiScanner: GuardrailDefinition<'pii_scanner'> = {
  kind: 'pii_scanner',
  builtIn: true,
  loosens: {
    entities: ['never', DEFAULT_ENTITIES],
    pointers: 'places',
    only_to_unknown: ['on_is_looser', true],
  },
  historyWindow: noHistory,
  create: piiScannerOf,
};
