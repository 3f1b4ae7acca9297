import type { PermitRules, Policy, Routing } from '../../contracts/policy.ts';
import { visible } from '../firewall/text/confusables.ts';

const STRICTNESS: Record<Routing, number> = { observe: 0, review_flagged: 1, review_all: 2 };

/** Limit of comparisons, about a second of work. Beyond it the answer is "may be looser". */
const MAX_WORK = 20_000_000;

/** A pattern of names as `routeOf` compares it. */
interface Pattern {
  text: string;
  prefix: boolean;
}

interface Rule {
  service: Pattern;
  action: Pattern;
  routing: Routing;
  block: readonly string[];
  permit: PermitRules;
}

const EVERYTHING: Pattern = { text: '', prefix: true };

function patternOf(written: string): Pattern {
  if (written === '*') return EVERYTHING;
  const text = visible(written).trim().toLowerCase();
  return text.endsWith('*') ? { text: text.slice(0, -1), prefix: true } : { text, prefix: false };
}

const rulesOf = ({ routes, default_routing, permit: others = {} }: Policy): Rule[] => [
  ...routes.map(({ service, action, routing, block = [], permit = others }) => ({
    service: patternOf(service),
    action: patternOf(action),
    routing,
    block,
    permit,
  })),
  { service: EVERYTHING, action: EVERYTHING, routing: default_routing, block: [], permit: others },
];

const meets = ({ text, prefix }: Pattern, name: string): boolean => (prefix ? name.startsWith(text) : name === text);

/**
 * Where an action is reviewed less, or blocked less, than before. All names that match a pattern and no narrower one have the same
 * route, so comparing one such name per pattern compares every action.
 */
export function routingLoosenings(before: Policy, after: Policy): string[] {
  const was = rulesOf(before);
  const is = rulesOf(after);
  // A character of no pattern: a prefix followed by it matches no narrower pattern.
  const all = [...was, ...is].flatMap(({ service, action }) => [service.text, action.text]).join('');
  let free = 0x61;
  while (all.includes(String.fromCodePoint(free))) free += 1;
  const other = String.fromCodePoint(free);

  const found = new Set<string>();
  let work = 0;
  for (const service of distinct([...was, ...is].map((rule) => rule.service))) {
    const name = sampleOf(service, other);
    const ofService = (rules: Rule[]) => rules.filter((rule) => meets(rule.service, name));
    const [wasHere, isHere] = [ofService(was), ofService(is)];
    const actions = distinct([...wasHere, ...isHere].map((rule) => rule.action));
    work += was.length + is.length + actions.length * (wasHere.length + isHere.length);
    if (work > MAX_WORK) return [...found, 'The routes are too many to compare, so some may have become weaker.'];
    for (const action of actions) {
      const met = (rules: Rule[]) => rules.find((rule) => meets(rule.action, sampleOf(action, other)))!;
      for (const sentence of weaker(`${shown(service)}/${shown(action)}`, met(wasHere), met(isHere)))
        found.add(sentence);
    }
  }
  return [...found];
}

function* weaker(place: string, was: Rule, is: Rule): Generator<string> {
  if (STRICTNESS[is.routing] < STRICTNESS[was.routing])
    yield `Routing of ${place} became weaker: ${was.routing} → ${is.routing}.`;
  for (const id of was.block) {
    if (!is.block.some((still) => still === id || id.startsWith(`${still}/`)))
      yield `${id} no longer blocks for ${place}.`;
  }
  if (was.permit.recheck && !is.permit.recheck) yield `Permits of ${place} are not rechecked any more.`;
  if ((is.permit.expires_in_ms ?? Infinity) > (was.permit.expires_in_ms ?? Infinity))
    yield `Permits of ${place} can be claimed longer.`;
  if (was.permit.retry === 'refuse' && is.permit.retry !== 'refuse')
    yield `Unknown results of ${place} can be claimed again.`;
}

const sampleOf = ({ text, prefix }: Pattern, other: string): string => (prefix ? text + other : text);
const shown = ({ text, prefix }: Pattern): string => (prefix ? `${text}*` : text);

const distinct = (patterns: readonly Pattern[]): Pattern[] => [
  ...new Map(patterns.map((pattern) => [shown(pattern), pattern])).values(),
];
