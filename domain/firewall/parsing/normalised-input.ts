import { parseGuarded } from '../../json/guard.ts';
import { pointerToken } from '../../json/pointer.ts';
import { classesOf } from '../text/character-classes.ts';
import { decodedForms } from '../text/decode.ts';
import { Path, type Place } from './path.ts';

/** A scalar, or a key that can be an attack, with its path. */
export interface Leaf extends Place {
  kind: 'value' | 'key';
  /** The nearest key above it, across arrays and decoded layers; empty at the root. */
  key: string;
  value: string | number | boolean | null;
  /** The `CHARACTER_CLASSES` of a string value; 0 for any other value. */
  classes: number;
}

export interface NormaliseLimits {
  maxDepth: number;
  /** Characters of keys and strings as sent; decoded ones may add four times as many as were sent, or 4,096. */
  maxChars: number;
  /** Containers and scalars, decoded ones included. */
  maxValues: number;
  /** Nested encodings. */
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
  /** Where and why the input was not read completely; undefined if it was. */
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

/** Reads all keys and strings of a payload, in the order of the document, and their encoded content. */
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
      // One more than the limit, so that an excess is detected.
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
        // In reverse, because the stack returns them in the order of the document.
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

/** Keys that can be an attack themselves: an address, or access to a prototype. */
const READABLE_KEY = /[:@]|__proto__|constructor\W+prototype/;

/** Properties of a key are looked up and not copied to its leaves, because most are never used. */
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

/** Nodes to visit; a scalar becomes a leaf. */
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
