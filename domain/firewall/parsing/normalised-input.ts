import { parseGuarded } from '../../json/guard.ts';
import { pointerToken } from '../../json/pointer.ts';
import { classesOf } from '../text/character-classes.ts';
import { decodedForms } from '../text/decode.ts';
import { Path, type Place } from './path.ts';

/** A scalar, or a key worth reading, with the way to it. */
export interface Leaf extends Place {
  kind: 'value' | 'key';
  /** The key that it stands under, at any distance through arrays and decoded layers; empty at the root. */
  key: string;
  value: string | number | boolean | null;
  /** What one pass over a string value tells of it (`CHARACTER_CLASSES`); 0 for any other value. */
  classes: number;
}

export interface NormaliseLimits {
  maxDepth: number;
  /** Characters of keys and strings as sent; decoded ones may add four times as many as were sent, or 4,096. */
  maxChars: number;
  /** Containers and scalars, decoded ones included. */
  maxValues: number;
  /** Encodings around one another. */
  maxLayers: number;
}

export const NORMALISE_LIMITS: NormaliseLimits = {
  maxDepth: 12,
  maxChars: 256 * 1024,
  maxValues: 10_000,
  maxLayers: 3,
};

export interface NormalisedInput {
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
export function normalise(payload: unknown, limits: NormaliseLimits = NORMALISE_LIMITS): NormalisedInput {
  const leaves: Leaf[] = [];
  const stack: (Node | PathLeaf)[] = [nodeOf('', Path.root(), payload, [], undefined, 0)];
  let unread: NormalisedInput['unread'];
  let sent = 0;
  let decoded = 0;
  let visited = 0;
  const leave = (pointer: string, reason: string): void => {
    unread ??= { pointer, reason };
  };
  const push = (nodes: readonly (Node | PathLeaf)[]): void => {
    for (let at = nodes.length - 1; at >= 0; at -= 1) stack.push(nodes[at] as Node | PathLeaf);
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
      const plain = via.length === 0;
      // One more than may be visited, so that the excess shows.
      if (Array.isArray(value)) {
        const count = Math.min(value.length, limits.maxValues + 1);
        for (let index = count - 1; index >= 0; index -= 1) {
          const at = plain ? `${pointer}/${index}` : pointer;
          stack.push(nodeOf(at, path, value[index], via, owner, depth + 1));
        }
      } else {
        const around = value as Readonly<Record<string, unknown>>;
        const names = Object.keys(around);
        const count = Math.min(names.length, limits.maxValues + 1);
        const place = (key: string): string => (plain ? `${pointer}/${pointerToken(key)}` : pointer);
        for (let index = 0; index < count; index += 1) {
          const key = names[index] as string;
          if (plain) sent += key.length;
          if (READABLE_KEY.test(key))
            leaves.push(new PathLeaf('key', place(key), path.to(key), key, via, around, depth));
        }
        // The last one first: the stack gives them back in the order of the document.
        for (let index = count - 1; index >= 0; index -= 1) {
          const key = names[index] as string;
          stack.push(nodeOf(place(key), path.to(key), around[key], via, around, depth + 1));
        }
      }
      if (sent > limits.maxChars) {
        leave(pointer, `more than ${limits.maxChars} characters`);
        break;
      }
      continue;
    }
    if (!(node instanceof PathLeaf)) continue;
    if (typeof value !== 'string') {
      leaves.push(node);
      continue;
    }
    if (via.length === 0) sent += value.length;
    else decoded += value.length;
    if (sent > limits.maxChars || decoded > 4 * Math.max(sent, 1_024)) {
      leave(pointer, `more than ${limits.maxChars} characters, or too much in encoded form`);
      break;
    }
    leaves.push(node);
    const forms = decodedForms(value, node.classes);
    if (forms.length === 0) continue;
    if (via.length >= limits.maxLayers) {
      if (forms.some((form) => form.via !== 'query')) leave(pointer, `encoded more than ${limits.maxLayers} times`);
      continue;
    }
    const uncovered: (Node | PathLeaf)[] = [];
    for (const form of forms) {
      const named = form.key === undefined ? path : path.to(form.key);
      const inner = (found: unknown) => nodeOf(pointer, named, found, [...via, form.via], owner, depth);
      if (form.via !== 'json') uncovered.push(inner(form.text));
      else {
        const guarded = parseGuarded(form.text);
        if (guarded.ok) uncovered.push(inner(guarded.value));
        else if (guarded.code !== 'not_json')
          leave(pointer, `JSON in a string that parsers read differently (${guarded.code})`);
      }
    }
    push(uncovered);
  }
  return { leaves, unread };
}

/** Keys that say something by themselves: an address, or a way to a prototype. */
const READABLE_KEY = /[:@]|__proto__|constructor\W+prototype/;

/** What a leaf shares with all that stand under its key is looked up, not copied: most are never asked. */
class PathLeaf implements Leaf {
  readonly kind: Leaf['kind'];
  readonly pointer: string;
  readonly value: Leaf['value'];
  readonly classes: number;
  readonly via: readonly string[];
  readonly owner: Leaf['owner'];
  readonly sets: number;
  readonly near: number;
  readonly last: readonly string[];
  readonly key: string;
  readonly path: Path;
  readonly depth: number;

  constructor(
    kind: Leaf['kind'],
    pointer: string,
    path: Path,
    value: Leaf['value'],
    via: readonly string[],
    owner: Leaf['owner'],
    depth: number,
  ) {
    this.kind = kind;
    this.pointer = pointer;
    this.value = value;
    this.classes = typeof value === 'string' ? classesOf(value) : 0;
    this.via = via;
    this.owner = owner;
    this.sets = path.sets;
    this.near = path.near;
    this.last = path.last;
    this.key = path.key;
    this.path = path;
    this.depth = depth;
  }

  get words(): readonly (readonly string[])[] {
    return this.path.words;
  }
}

/** What is to be visited: a scalar as the leaf that it becomes, anything else as a node. */
const nodeOf = (
  pointer: string,
  path: Path,
  value: unknown,
  via: readonly string[],
  owner: Leaf['owner'],
  depth: number,
): Node | PathLeaf =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null
    ? new PathLeaf('value', pointer, path, value, via, owner, depth)
    : { pointer, path, value, via, owner, depth };
