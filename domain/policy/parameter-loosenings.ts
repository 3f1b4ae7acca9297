import { sameJson } from './same-json.ts';

/** Which way a parameter of a guardrail loosens. What is in no list counts as looser when it changes at all. */
type Direction =
  /** Texts that may pass; without the list any may. */
  | 'only'
  /** Texts that pass beside what passes anyway. */
  | 'also'
  /** Texts that are stopped beside what is stopped anyway. */
  | 'never'
  /** Places that are judged; without the list all are. */
  | 'places'
  | 'most'
  | 'least'
  | 'on_is_looser'
  | 'on_is_stricter'
  | 'words';

const DIRECTIONS: Record<string, Direction> = {
  'egress.allowed_schemes': 'only',
  'egress.allowed_domains': 'only',
  'egress.denied_domains': 'never',
  'egress.allowed_ports': 'only',
  'egress.allowed_methods': 'only',
  'egress.allowed_paths': 'only',
  'egress.extra_blocked_addresses': 'never',
  'egress.allow_private': 'on_is_looser',
  'destination.allowed': 'also',
  'destination.public_mail_exact': 'on_is_stricter',
  'destination.max_new': 'most',
  'privilege.extra_words': 'never',
  'privilege.extra_roles': 'never',
  'privilege.exempt_pointers': 'also',
  'flow.side_effects': 'never',
  'flow.reads': 'also',
  'sql.allow_verbs': 'only',
  'sql.allowed_relations': 'only',
  'sql.require_where': 'on_is_stricter',
  'sql.max_statements': 'most',
  'shell.allowed_commands': 'only',
  'shell.allowed_paths': 'also',
  'shell.deny_network': 'on_is_stricter',
  'infrastructure.protected_resources': 'never',
  'infrastructure.allow_delete': 'on_is_looser',
  'infrastructure.allow_world_open': 'on_is_looser',
  'money.currencies': 'only',
  'money.per_call': 'most',
  'money.per_window': 'most',
  'money.window_s': 'least',
  'pii_scanner.entities': 'never',
  'pii_scanner.pointers': 'places',
  'pii_scanner.only_to_unknown': 'on_is_looser',
  'secret_scanner.extra_patterns': 'never',
  'secret_scanner.only_to_unknown': 'on_is_looser',
  'prompt_injection.pointers': 'places',
  'pattern_scanner.message': 'words',
  'velocity_limit.max': 'most',
  'velocity_limit.window_s': 'least',
  'loop_breaker.max_repeats': 'most',
  'loop_breaker.window_s': 'least',
  'semantic_loop.threshold': 'most',
  'semantic_loop.max_repeats': 'most',
  'semantic_loop.window': 'least',
  'cost_guard.per_call': 'most',
  'cost_guard.per_window': 'most',
  'cost_guard.window_s': 'least',
  'cost_guard.max_bytes': 'most',
  'expression.message': 'words',
  'media_guard.mime': 'only',
  'media_guard.max_bytes': 'most',
  'media_guard.max_pixels': 'most',
  'media_guard.max_duration_s': 'most',
  'unknown_action.known': 'also',
};

/** What a parameter is when nobody writes it. A limit that is not here has no default: without it nothing is limited. */
const DEFAULTS: Record<string, unknown> = {
  'egress.allow_private': false,
  'destination.public_mail_exact': true,
  'destination.max_new': 0,
  'sql.require_where': true,
  'sql.max_statements': 1,
  'shell.deny_network': false,
  'infrastructure.allow_delete': false,
  'infrastructure.allow_world_open': false,
  'money.window_s': 86_400,
  'pii_scanner.entities': ['card', 'iban', 'national_id'],
  'pii_scanner.only_to_unknown': true,
  'secret_scanner.only_to_unknown': true,
  'loop_breaker.max_repeats': 20,
  'loop_breaker.window_s': 60,
  'semantic_loop.threshold': 0.9,
  'semantic_loop.max_repeats': 5,
  'semantic_loop.window': 20,
  'cost_guard.window_s': 86_400,
};

type Rule = Readonly<Record<string, unknown>> & { readonly kind: string };

/** Parameters that every kind has: `guardrail-loosenings.ts` judges them. */
const COMMON = new Set(['kind', 'id', 'enabled', 'applies_to', 'severity', 'verdict']);

/** The parameters of one guardrail that became looser, as ends of a sentence. Both rules are of one kind. */
export function parameterLoosenings(before: Rule, after: Rule): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)].filter((name) => !COMMON.has(name)));
  return [...names].flatMap((name) => {
    const path = `${before.kind}.${name}`;
    const [was, is] = [before[name] ?? DEFAULTS[path], after[name] ?? DEFAULTS[path]];
    if (sameJson(was, is)) return [];
    const said = looser(DIRECTIONS[path], was, is);
    return said === undefined ? [] : [`${name} ${said}`];
  });
}

function looser(direction: Direction | undefined, was: unknown, is: unknown): string | undefined {
  switch (direction) {
    case 'only':
      if (was === undefined) return undefined;
      return is === undefined ? 'was removed: any passes' : gained(was, is);
    case 'also':
      return gained(was, is);
    case 'never':
      return lost(was, is);
    case 'places':
      if (is === undefined) return undefined;
      return was === undefined ? 'now narrows what is judged' : lost(was, is);
    case 'most':
      if (was === undefined) return undefined;
      return is === undefined || (is as number) > (was as number) ? `rose: ${was} → ${is ?? 'no limit'}` : undefined;
    case 'least':
      return (is as number) < (was as number) ? `fell: ${was} → ${is}` : undefined;
    case 'on_is_looser':
      return is === true ? 'was switched on' : undefined;
    case 'on_is_stricter':
      return is === true ? undefined : 'was switched off';
    case 'words':
      return undefined;
    case undefined:
      return 'changed';
    default:
      return direction satisfies never;
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const missing = (from: unknown, list: unknown): unknown[] =>
  listOf(from).filter((one) => !listOf(list).some((other) => sameJson(one, other)));
const texts = (values: readonly unknown[]): string => {
  const words = values.slice(0, 3).map((value) => (typeof value === 'object' ? JSON.stringify(value) : String(value)));
  return `${words.join(', ')}${values.length > 3 ? `, and ${values.length - 3} more` : ''}`;
};

function gained(was: unknown, is: unknown): string | undefined {
  const added = missing(is, was);
  return added.length > 0 ? `gained ${texts(added)}` : undefined;
}

function lost(was: unknown, is: unknown): string | undefined {
  const removed = missing(was, is);
  return removed.length > 0 ? `lost ${texts(removed)}` : undefined;
}
