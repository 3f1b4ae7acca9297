import type { ShellCommand, ShellScript, ShellWord } from './script.ts';
import { commandName } from './tokenizer.ts';
import { INTERPRETERS, SHELLS } from './words.ts';

/**
 * The folders of an operator, for every word of a command that is a path or may be one: absolute paths, also within an option, a list or
 * program code, `..`, `~`, and what only the run decides. A relative path without `..` stays in the working folder, which is not known here.
 */
export function isOutside(command: ShellCommand, program: ShellWord | undefined, folders: readonly string[]): boolean {
  const { words, writes, reads } = command;
  const isProgram = (word: ShellWord): boolean =>
    (word === words[0] || word === program) && !word.open && SYSTEM_PROGRAM.test(word.text);
  if ([...words.filter((word) => !isProgram(word)), ...writes, ...reads].some((word) => mayLeave(word, folders)))
    return true;
  const name = commandName(program);
  // Their paths come from their input, from a variable, or from code that is not read.
  return (
    words.some((word) => /^(?:xargs|parallel)$/.test(commandName(word))) ||
    (/^(?:cd|pushd|popd)$/.test(name) && words.filter((word) => !/^-./.test(word.text)).length < 2) ||
    (/^(?:cd|pushd)$/.test(name) && words.at(-1)?.text === '-') ||
    (INTERPRETERS.has(name) && !SHELLS.has(name) && (command.input !== undefined || words.some(isInlineCode)))
  );
}

/** Whether a variable of the script gets a value that leads outside: `HOME=/opt; cd`. */
export const assignsOutside = ({ assigned }: ShellScript, folders: readonly string[]): boolean =>
  assigned.some(({ value }) => mayLeave(value, folders));

export const isBelow = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`));

/** Running these touches no path that the operator limits; which commands run is limited by `allowed_commands`. */
const SYSTEM_PROGRAM = /^\/(?:usr\/(?:local\/)?)?s?bin\/[\w.+-]+$/;
const isInlineCode = ({ text }: ShellWord): boolean => /^-\w*[cerEp]$|^--(?:eval|print|run|command)\b/.test(text);

const HARMLESS_DEVICE = /^\/dev\/(?:null|std(?:in|out|err)|tty|fd\/\d)$/;
const UP = /(?<!\.)\.\.(?=$|[^\w.])/;
/** `.*` matches `..` in some shells, and `{.,x}.` becomes one. */
const MAY_BECOME_UP = /(?:^|\/)\.[*?[]|\{[^}]*,[^}]*\}/;
const HOME = /(?:^|[\s=:,'"([])~/;
const WINDOWS = /(?:^|[\s=:,'"])(?:[A-Za-z]:[\\/]|\\\\)/;
/** Without a port or another colon: what follows one may be a path again. */
const URL =
  /(?<=^|[\s='"])(?:https?|wss?|ftps?|ssh|git|s3|gs|postgres(?:ql)?|mysql|redis):\/\/[^\s'":,;=]*(?::\d+[^\s'":,;=]*)?/gi;
/** A slash that starts a path, and the path. */
const ABSOLUTE = /(?<![\p{L}\p{N}_.~+*?\]}/])\/[^\s'"`,;|&<>()=:@]*/gu;
const ATTACHED = /^-[A-Za-z]+(\/.*)$/;

function mayLeave({ text: sent, open, glob }: ShellWord, folders: readonly string[]): boolean {
  const text = sent.replace(URL, '');
  if (open || UP.test(sent) || HOME.test(text) || WINDOWS.test(text)) return true;
  if ((glob || /[./~]/.test(text)) && MAY_BECOME_UP.test(text)) return true;
  const paths = [...(text.match(ABSOLUTE) ?? []), ...(ATTACHED.exec(text)?.slice(1) ?? [])];
  return paths.some((path) => !HARMLESS_DEVICE.test(path) && !isBelow(path, folders));
}
