import type { GuardrailRule } from '../../contracts/guardrails.ts';
import type { Direction } from '../firewall/guardrails/definition.ts';
import { definitionOf } from '../firewall/guardrails/definitions.ts';
import { sameJson } from '../json/same-json.ts';

/** The parameters of one guardrail that became looser, as ends of a sentence. Both rules are of one kind. */
export function parameterLoosenings(before: GuardrailRule, after: GuardrailRule): string[] {
  const [written, rewritten] = [before as Record<string, unknown>, after as Record<string, unknown>];
  return Object.entries(definitionOf(before).loosens).flatMap(([name, loosening]) => {
    const [direction, absent] = typeof loosening === 'string' ? [loosening, undefined] : loosening;
    const [was, is] = [written[name] ?? absent, rewritten[name] ?? absent];
    if (sameJson(was, is)) return [];
    const change = looser(direction, was, is);
    return change === undefined ? [] : [`${name} ${change}`];
  });
}

function looser(direction: Direction, was: unknown, is: unknown): string | undefined {
  switch (direction) {
    case 'only':
      if (was === undefined) return undefined;
      return is === undefined ? 'was removed: any is allowed' : gained(was, is);
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
    case 'any_change':
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
