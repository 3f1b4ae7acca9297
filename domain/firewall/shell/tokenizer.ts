import type { ShellWord } from './script.ts';

/** The name of a command, without its folder and the backslash that bypasses an alias. */
export const commandName = (word: ShellWord | undefined): string =>
  (word?.text ?? '').replace(/^\\/, '').replace(/^.*\//, '');
/** Whether only the folder of a program is unknown, as in `$JAVA_HOME/bin/java`: the judged name is known. */
export const hasPlainName = (word: ShellWord): boolean =>
  !word.trick &&
  !word.glob &&
  /^(?:\$\{?\w+\}?|\$\((?:npm bin|brew --prefix(?: [\w@.-]+)?|dirname [\w"$.{}/-]+|pwd|go env GOPATH)\))(?:\/[\w.+-]+)*\/[a-zA-Z_][\w.+-]*$/.test(
    word.text,
  );

/** `$(which python)` is the program `python`. */
export function located(words: readonly ShellWord[]): readonly ShellWord[] {
  const [first, ...rest] = words;
  // A prompt that was copied from a page; no program has that name.
  if (first?.text === '$' && rest.length > 0) return located(rest);
  const name = first && /^(?:\$\(|`)\s*(?:which|command -v|type -p)\s+([\w.+-]+)\s*(?:\)|`)$/.exec(first.text)?.[1];
  return name === undefined || first === undefined ? words : [{ ...first, text: name, open: false }, ...rest];
}

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

/** A possibly empty variable before a slash, or as the whole word: if it is empty, the path is the root. */
export const mayBeRoot = (word: ShellWord): boolean =>
  word.open &&
  /^\$\{?\w+(?:[:?#%=+-][^}]*)?\}?(?:\/\*?)?$/.test(word.text) &&
  !/^\$\{?(?:file|f|tmp|i|line|1|dir|name|path)/i.test(word.text);
