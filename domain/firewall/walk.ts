import { parseGuarded } from '../json/guard.ts';
import { pointerToken } from '../json/pointer.ts';
import { decodedForms } from './decode.ts';
import { Path, type Place } from './path.ts';
import { traitsOf } from './traits.ts';

/** A scalar, or a key worth reading, with the way to it. */
export interface Leaf extends Place {
  kind: 'value' | 'key';
  /** Keys from the root, those inside decoded layers and query strings included; array indices are left out. */
  keys: readonly string[];
  value: string | number | boolean | null;
  /** What one pass over a string value tells of it (`TRAITS`); 0 for any other value. */
  traits: number;
}

export interface WalkLimits {
  maxDepth: number;
  /** Characters of keys and strings as sent; decoded ones may add four times as many as were sent, or 4,096. */
  maxChars: number;
  /** Containers and scalars, decoded ones included. */
  maxValues: number;
  /** Encodings around one another. */
  maxLayers: number;
}

export const WALK_LIMITS: WalkLimits = { maxDepth: 12, maxChars: 256 * 1024, maxValues: 10_000, maxLayers: 3 };

export interface Walked {
  leaves: Leaf[];
  /** Where and why the walk left something unread; undefined when it read everything. */
  unread: { pointer: string; reason: string } | undefined;
}

interface Node {
  pointer: string;
  path: Path;
  value: unknown;
  via: readonly string[];
  owner: Readonly<Record<string, unknown>> | undefined;
  depth: number;
}

/** Reads every key and every string of a payload, in the order of the document, and what they carry in encoded form. */
export function walk(payload: unknown, limits: WalkLimits = WALK_LIMITS): Walked {
  const leaves: Leaf[] = [];
  const stack: Node[] = [{ pointer: '', path: Path.root(), value: payload, via: [], owner: undefined, depth: 0 }];
  let unread: Walked['unread'];
  let sent = 0;
  let decoded = 0;
  let visited = 0;
  const leave = (pointer: string, reason: string): void => {
    unread ??= { pointer, reason };
  };
  const push = (nodes: Node[]): void => {
    for (let at = nodes.length - 1; at >= 0; at -= 1) stack.push(nodes[at] as Node);
  };

  for (let node = stack.pop(); node; node = stack.pop()) {
    const { pointer, path, value, via, owner, depth } = node;
    visited += 1;
    if (visited > limits.maxValues) {
      leave(pointer, `more than ${limits.maxValues} values`);
      break;
    }
    if (typeof value === 'object' && value !== null) {
      if (depth >= limits.maxDepth) {
        leave(pointer, `deeper than ${limits.maxDepth} levels`);
        continue;
      }
      const children: Node[] = [];
      const plain = via.length === 0;
      // One more than may be visited, so that the excess shows.
      if (Array.isArray(value)) {
        const count = Math.min(value.length, limits.maxValues + 1);
        for (let index = 0; index < count; index += 1) {
          const at = plain ? `${pointer}/${index}` : pointer;
          children.push({ pointer: at, path, value: value[index], via, owner, depth: depth + 1 });
        }
      } else {
        const around = value as Readonly<Record<string, unknown>>;
        const names = Object.keys(around);
        const count = Math.min(names.length, limits.maxValues + 1);
        for (let index = 0; index < count; index += 1) {
          const key = names[index] as string;
          const at = plain ? `${pointer}/${pointerToken(key)}` : pointer;
          const inner = path.to(key);
          if (plain) sent += key.length;
          if (READABLE_KEY.test(key)) leaves.push(leafOf('key', at, inner, key, via, around));
          children.push({ pointer: at, path: inner, value: around[key], via, owner: around, depth: depth + 1 });
        }
      }
      push(children);
      if (sent > limits.maxChars) {
        leave(pointer, `more than ${limits.maxChars} characters`);
        break;
      }
      continue;
    }
    if (typeof value !== 'string') {
      if (typeof value === 'number' || typeof value === 'boolean' || value === null) {
        leaves.push(leafOf('value', pointer, path, value, via, owner));
      }
      continue;
    }
    if (via.length === 0) sent += value.length;
    else decoded += value.length;
    if (sent > limits.maxChars || decoded > 4 * Math.max(sent, 1_024)) {
      leave(pointer, `more than ${limits.maxChars} characters, or too much in encoded form`);
      break;
    }
    const leaf = leafOf('value', pointer, path, value, via, owner);
    leaves.push(leaf);
    const forms = decodedForms(value, leaf.traits);
    if (forms.length === 0) continue;
    if (via.length >= limits.maxLayers) {
      if (forms.some((form) => form.via !== 'query')) leave(pointer, `encoded more than ${limits.maxLayers} times`);
      continue;
    }
    const uncovered: Node[] = [];
    for (const form of forms) {
      const named = form.key === undefined ? path : path.to(form.key);
      const inner = { pointer, path: named, via: [...via, form.via], owner, depth };
      if (form.via !== 'json') uncovered.push({ ...inner, value: form.text });
      else {
        const guarded = parseGuarded(form.text);
        if (guarded.ok) uncovered.push({ ...inner, value: guarded.value });
        else if (guarded.code !== 'not_json')
          leave(pointer, `JSON in a string that parsers read differently (${guarded.code})`);
      }
    }
    push(uncovered);
  }
  return { leaves, unread };
}

/** Keys that say something by themselves: an address, or a way to a prototype. */
const READABLE_KEY = /[:@]|^__proto__$/;

const leafOf = (
  kind: Leaf['kind'],
  pointer: string,
  path: Path,
  value: Leaf['value'],
  via: readonly string[],
  owner: Leaf['owner'],
): Leaf => ({
  kind,
  pointer,
  keys: path.keys,
  words: path.words,
  sets: path.sets,
  near: path.near,
  value,
  traits: typeof value === 'string' ? traitsOf(value) : 0,
  via,
  owner,
});
