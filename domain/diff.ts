import { isObject } from '../contracts/is-object.ts';
import { withInvisibleNamed } from './invisible-characters.ts';
import { sameJson } from './json/same-json.ts';

/** A leaf or an array that changed; a side that did not exist is absent. */
export interface Change {
  from?: unknown;
  to?: unknown;
}
/** Nested objects recurse, by key. */
export interface Changes {
  [key: string]: Change | Changes;
}

type Plain = Record<string, unknown>;
type Step = { path: string; change: Change };

/**
 * The difference of two JSON values, in the format of the published client; undefined if they are equal.
 *
 * @example
 * diffOf({ amount: 500 }, { amount: 200 }); // { changes: { amount: { from: 500, to: 200 } } }
 */
export function diffOf(before: unknown, after: unknown): { changes: Change | Changes } | undefined {
  if (isObject(before) && isObject(after)) {
    const changes = changesOf(before, after);
    return changes && { changes };
  }
  return sameJson(before, after) ? undefined : { changes: { from: before, to: after } };
}

/**
 * The difference as sentences for people, one per change, in the order of the keys.
 *
 * @example
 * patchSentences({ hooks: ['a', 'b'] }, { hooks: ['a'] }); // ['hooks: removed 1 of 2 (b)']
 */
export function patchSentences(before: unknown, after: unknown): string[] {
  return stepsOf('', before, after).flatMap(({ path, change }) => sentencesOf(path, change));
}

function changesOf(before: Plain, after: Plain): Changes | undefined {
  const entries: [string, Change | Changes][] = [];
  for (const key of keysOfBoth(before, after)) {
    const [had, has] = [Object.hasOwn(before, key), Object.hasOwn(after, key)];
    const [from, to] = [before[key], after[key]];
    if (had && has && isObject(from) && isObject(to)) {
      const nested = changesOf(from, to);
      if (nested) entries.push([key, nested]);
    } else if (had !== has || !sameJson(from, to)) {
      entries.push([key, { ...(had && { from }), ...(has && { to }) }]);
    }
  }
  // fromEntries defines members, so a key named __proto__ does not set the prototype.
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

const keysOfBoth = (before: Plain, after: Plain): string[] => [
  ...new Set([...Object.keys(before), ...Object.keys(after)]),
];

/** The changes with their paths. Arrays of equally many objects are compared item by item. */
function stepsOf(path: string, before: unknown, after: unknown): Step[] {
  if (isObject(before) && isObject(after)) {
    return keysOfBoth(before, after).flatMap((key) => {
      const here = path === '' ? shown(key, 80) : `${path}.${shown(key, 80)}`;
      const [had, has] = [Object.hasOwn(before, key), Object.hasOwn(after, key)];
      if (had && has) return stepsOf(here, before[key], after[key]);
      return [{ path: here, change: had ? { from: before[key] } : { to: after[key] } }];
    });
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length && before.every(isObject)) {
    if (after.every(isObject)) return before.flatMap((item, index) => stepsOf(`${path}[${index}]`, item, after[index]));
  }
  return sameJson(before, after) ? [] : [{ path, change: { from: before, to: after } }];
}

function sentencesOf(path: string, change: Change): string[] {
  const name = path === '' ? 'The whole payload' : path;
  if (!('to' in change)) return [`${name}: removed (was ${valueShown(change.from)})`];
  if (!('from' in change)) return [`${name}: added (${valueShown(change.to)})`];
  if (!Array.isArray(change.from) || !Array.isArray(change.to)) {
    return [`${name}: ${valueShown(change.from)} → ${valueShown(change.to)}`];
  }
  const removed = without(change.from, change.to);
  const added = without(change.to, change.from);
  const sentences: string[] = [];
  if (removed.length > 0)
    sentences.push(`${name}: removed ${removed.length} of ${change.from.length} ${listed(removed)}`);
  if (added.length > 0) sentences.push(`${name}: added ${added.length} ${listed(added)}`);
  return sentences.length > 0 ? sentences : [`${name}: same items in another order`];
}

/** The items of `list` that are missing in `other`, each as often as it is missing. */
function without(list: readonly unknown[], other: readonly unknown[]): unknown[] {
  const held = new Map<string, number>();
  for (const item of other) held.set(sortedJson(item), (held.get(sortedJson(item)) ?? 0) + 1);
  return list.filter((item) => {
    const key = sortedJson(item);
    const count = held.get(key) ?? 0;
    if (count > 0) held.set(key, count - 1);
    return count === 0;
  });
}

/** Equal for equal JSON, independent of the order of keys. */
function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${sortedJson(value[key])}`).join(',')}}`;
}

const SHOWN_ITEMS = 3;
const listed = (items: readonly unknown[]): string => {
  const rest = items.length - SHOWN_ITEMS;
  return `(${items.slice(0, SHOWN_ITEMS).map(valueShown).join(', ')}${rest > 0 ? `, and ${rest} more` : ''})`;
};

/** A string without quotes, unless it would then look like another value. */
const valueShown = (value: unknown): string => {
  const bare = typeof value === 'string' && !/^(?:$|[[{"\s\d-]|true$|false$|null$)|\s$/.test(value);
  return shown(bare ? value : (JSON.stringify(value) ?? 'nothing'), 200);
};

/** Cut, with what an eye cannot see or a terminal would obey written out as `U+202E`. */
function shown(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return withInvisibleNamed(cut);
}
