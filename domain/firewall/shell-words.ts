import type { ShellWord } from './shell-script.ts';

export const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** The name of a command, without its folder and the backslash that steps round an alias. */
export const commandName = (word: ShellWord | undefined): string =>
  (word?.text ?? '').replace(/^\\/, '').replace(/^.*\//, '');
const isFlag = (word: ShellWord): boolean => /^-./.test(word.text);
export const operands = (words: readonly ShellWord[]): ShellWord[] => words.slice(1).filter((word) => !isFlag(word));
export const flags = (words: readonly ShellWord[]): string =>
  words
    .slice(1)
    .filter(isFlag)
    .map((word) => (word.text.startsWith('--') ? ` ${word.text} ` : word.text))
    .join(' ');
export const short = (words: readonly ShellWord[], letter: string): boolean =>
  words.slice(1).some((word) => /^-[A-Za-z]+$/.test(word.text) && word.text.includes(letter));
export const long = (words: readonly ShellWord[], name: string): boolean =>
  words.slice(1).some((word) => word.text === `--${name}` || word.text.startsWith(`--${name}=`));

/** A variable that may be empty right before a slash, or is all there is: then the path is the root. */
export const mayBeRoot = (word: ShellWord): boolean =>
  word.open &&
  /^\$\{?\w+\}?(?:\/\*?)?$/.test(word.text) &&
  !/^\$\{?(?:file|f|tmp|i|line|1|dir|name|path)/i.test(word.text);
