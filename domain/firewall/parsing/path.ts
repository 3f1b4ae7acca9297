import { setsOf } from '../text/key-words.ts';
import { wordsOf } from '../text/tokenizer.ts';

/** The place of a value, which findings report. */
export interface Place {
  /** JSON Pointer into the original payload; for a decoded value, that of the encoded string. */
  pointer: string;
  /** The words of each key on the path, outermost first. */
  words: readonly (readonly string[])[];
  /** The words of the last key. */
  last: readonly string[];
  /** The sets (`keyWords`) that the last key has a word of, and those of the last three keys together. */
  sets: number;
  near: number;
  /** The decoded layers, outermost first: `base64`, `json` … Empty for a value of the payload itself. */
  via: readonly string[];
  /** The nearest enclosing object: some members have a meaning only together with their siblings. */
  owner: Readonly<Record<string, unknown>> | undefined;
}

const NO_WORDS: readonly string[] = [];

/** The keys from the root to a value, without array indices. One object for all values with the same keys. */
export class Path {
  /** The sets (`keyWords`) that the last key has a word of. */
  readonly sets: number;
  /** The sets that one of the last three keys has a word of. */
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
