import { setsOf } from './key-words.ts';
import { wordsOf } from './words.ts';

/** Where a value stands: guardrails report this place. */
export interface Place {
  /** JSON Pointer into the payload as sent: for a decoded value, of the string that carried it. */
  pointer: string;
  /** The words of each key on the way, outermost first. */
  words: readonly (readonly string[])[];
  /** The sets (`keyWords`) that the last key has a word of, and those of the last three keys together. */
  sets: number;
  near: number;
  /** How the value was uncovered, outermost first: `base64`, `json` … Empty for what stands in the payload itself. */
  via: readonly string[];
  /** The nearest object around it: some members mean something only beside their siblings. */
  owner: Readonly<Record<string, unknown>> | undefined;
}

/** The keys from the root to a value, array indices left out. One object for all values that share them. */
export class Path {
  readonly keys: readonly string[];
  /** The words of each key. */
  readonly words: readonly (readonly string[])[];
  /** The sets (`keyWords`) that the last key has a word of. */
  readonly sets: number;
  /** Those that one of the last three keys has a word of. */
  readonly near: number;
  readonly #before: Path | undefined;
  #inner: Map<string, Path> | undefined;

  private constructor(before: Path | undefined, key: string | undefined) {
    this.#before = before;
    if (before === undefined || key === undefined) {
      this.keys = [];
      this.words = [];
      this.sets = 0;
      this.near = 0;
      return;
    }
    const words = wordsOf(key);
    this.keys = [...before.keys, key];
    this.words = [...before.words, words];
    this.sets = setsOf(words);
    this.near = this.sets | before.sets | (before.#before?.sets ?? 0);
  }

  static root(): Path {
    return new Path(undefined, undefined);
  }

  to(key: string): Path {
    this.#inner ??= new Map();
    const before = this.#inner.get(key);
    if (before) return before;
    const path = new Path(this, key);
    this.#inner.set(key, path);
    return path;
  }
}
