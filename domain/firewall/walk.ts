import { parseGuarded } from '../json/guard.ts';
import { pointerToken } from '../json/pointer.ts';
import { decodedForms } from './decode.ts';

/** A scalar, or a key worth reading, with the way to it. */
export interface Leaf {
  kind: 'value' | 'key';
  /** JSON Pointer into the payload as sent: for a decoded value, of the string that carried it. */
  pointer: string;
  /** Keys from the root, those inside decoded layers and query strings included; array indices are left out. */
  keys: readonly string[];
  value: string | number | boolean | null;
  /** How the value was uncovered, outermost first: `base64`, `json` … Empty for what stands in the payload itself. */
  via: readonly string[];
  /** The nearest object around it: some members mean something only beside their siblings. */
  owner: Readonly<Record<string, unknown>> | undefined;
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
  keys: readonly string[];
  value: unknown;
  via: readonly string[];
  owner: Readonly<Record<string, unknown>> | undefined;
  depth: number;
}

/** Reads every key and every string of a payload, in the order of the document, and what they carry in encoded form. */
export function walk(payload: unknown, limits: WalkLimits = WALK_LIMITS): Walked {
  const leaves: Leaf[] = [];
  const stack: Node[] = [{ pointer: '', keys: [], value: payload, via: [], owner: undefined, depth: 0 }];
  let unread: Walked['unread'];
  let sent = 0;
  let decoded = 0;
  let visited = 0;
  const leave = (pointer: string, reason: string): void => {
    unread ??= { pointer, reason };
  };
  const push = (nodes: Node[]): void => {
    for (const node of nodes.reverse()) stack.push(node);
  };

  for (let node = stack.pop(); node; node = stack.pop()) {
    const { pointer, keys, value, via, owner, depth } = node;
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
      for (const [key, child] of membersOf(value, limits.maxValues)) {
        const named = typeof key === 'string';
        const at = via.length > 0 ? pointer : `${pointer}/${pointerToken(key)}`;
        const path = named ? [...keys, key] : keys;
        const around = named ? (value as Readonly<Record<string, unknown>>) : owner;
        if (named) {
          if (via.length === 0) sent += key.length;
          if (READABLE_KEY.test(key))
            leaves.push({ kind: 'key', pointer: at, keys: path, value: key, via, owner: around });
        }
        children.push({ pointer: at, keys: path, value: child, via, owner: around, depth: depth + 1 });
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
        leaves.push({ kind: 'value', pointer, keys, value, via, owner });
      }
      continue;
    }
    if (via.length === 0) sent += value.length;
    else decoded += value.length;
    if (sent > limits.maxChars || decoded > 4 * Math.max(sent, 1_024)) {
      leave(pointer, `more than ${limits.maxChars} characters, or too much in encoded form`);
      break;
    }
    leaves.push({ kind: 'value', pointer, keys, value, via, owner });
    const forms = decodedForms(value);
    if (forms.length > 0 && via.length >= limits.maxLayers) {
      if (forms.some((form) => form.via !== 'query')) leave(pointer, `encoded more than ${limits.maxLayers} times`);
      continue;
    }
    const uncovered: Node[] = [];
    for (const form of forms) {
      const path = form.key === undefined ? keys : [...keys, form.key];
      const inner = { pointer, keys: path, via: [...via, form.via], owner, depth };
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

/** Members in order; at most as many as may be visited, and one more so that the excess shows. */
function* membersOf(container: object, most: number): Generator<[string | number, unknown]> {
  let count = 0;
  if (Array.isArray(container)) {
    for (const item of container) {
      if (count > most) return;
      yield [count++, item];
    }
    return;
  }
  for (const key of Object.keys(container)) {
    if (count++ > most) return;
    yield [key, (container as Record<string, unknown>)[key]];
  }
}
