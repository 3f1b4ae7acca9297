import { setsOf } from '../text/key-words.ts';
import { wordsOf } from '../text/tokenizer.ts';

/** Where a value stands: guardrails report this place. */
export interface Place {
  /** JSON Pointer into the payload as sent: for a decoded value, of the string that carried it. */
  pointer: string;
  /** The words of each key on the way, outermost first. */
  words: readonly (readonly string[])[];
  /** Those of the last key. */
  last: readonly string[];
  /** The sets (`keyWords`) that the last key has a word of, and those of the last three keys together. */
  sets: number;
  near: number;
  /** How the value was uncovered, outermost first: `base64`, `json` … Empty for what stands in the payload itself. */
  via: readonly string[];
  /** The nearest object around it: some members mean something only beside their siblings. */
  owner: Readonly<Record<string, unknown>> | undefined;
}

const NO_WORDS: readonly string[] = [];

/** The keys from the root to a value, array indices left out. One object for all values that share them. */
export class Path {
  /** The sets (`keyWords`) that the last key has a word of. */
  readonly sets: number;
  /** Those that one of the last three keys has a word of. */
  readonly near: number;
  /** The last key, and its words. */
  readonly key: string;
  readonly last: readonly string[];
  readonly #before: Path | undefined;
  #words: readonly (readonly string[])[] | undefined;
  #inner: Map<string, Path> | undefined;

  private constructor(before: Path | undefined, key: string) {
    this.#before = before;
    this.key = key;
    this.last = before === undefined ? NO_WORDS : wordsOf(key);
    this.sets = setsOf(this.last);
    this.near = before === undefined ? 0 : this.sets | before.sets | (before.#before?.sets ?? 0);
  }

  static root(): Path {
    return new Path(undefined, '');
  }

  /** The words of each key. */
  get words(): readonly (readonly string[])[] {
    this.#words ??= this.#before === undefined ? [] : [...this.#before.words, this.last];
    return this.#words;
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
