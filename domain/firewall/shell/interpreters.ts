import type { FindingTemplate } from '../finding.ts';
import { RUNS_INPUT, template } from './findings.ts';
import { HARMFUL_CODE, SETUP_OUTPUT } from './patterns.ts';
import { carriesFiles, literallyFed } from './pipeline-input.ts';
import type { ShellCommand, ShellWord } from './script.ts';
import { commandName } from './tokenizer.ts';
import { INTERPRETERS, SHELLS } from './words.ts';

/** A shell by its name, or by the variable that contains the current shell. */
const isShell = (name: string): boolean => SHELLS.has(name) || /^\$\{?(?:SHELL|BASH|0)\}?$/.test(name);

/** Programs from a download, a decoder or a pipe. */
export function interpreted(
  name: string,
  words: readonly ShellWord[],
  command: ShellCommand,
  feeders: readonly string[],
  add: (found: FindingTemplate) => void,
): string[] {
  const script = words.slice(1).find((word) => !word.text.startsWith('-'));
  const inline = words.findIndex((word) => /^-\w*[ce]$/.test(word.text) || word.text === '-r');
  if (name === 'at' || name === 'batch') return command.input === undefined ? [] : [command.input];
  if (name === 'eval' || name === 'source' || name === '.') {
    const dynamic =
      words.slice(1).some((word) => word.open) &&
      command.substituted &&
      !words.slice(1).every((word) => SETUP_OUTPUT.test(word.text));
    if (dynamic) add(RUNS_INPUT);
    return name === 'eval' && !dynamic
      ? [
          words
            .slice(1)
            .map((word) => word.text)
            .join(' '),
        ]
      : [];
  }
  if (!INTERPRETERS.has(name) && !isShell(name)) return [];
  const stdin = feeders.length > 0 && (script === undefined || script.text === '/dev/stdin') && inline < 0;
  const plain = isShell(name) && (literallyFed(command.fedBy) !== undefined || carriesFiles(command.fedBy));
  if (stdin && !plain) add(RUNS_INPUT);
  if (
    command.substituted &&
    (isShell(name) || script?.open) &&
    inlineOrFirst(words, inline).some((word) => word.open && /[$<]\(|`/.test(word.text))
  )
    add(RUNS_INPUT);
  if (command.input !== undefined && script === undefined && isShell(name)) return [command.input];
  if (inline > 0) {
    const code = words[inline + 1]?.text ?? '';
    if (isShell(name)) return [code];
    if (
      HARMFUL_CODE.test(code) ||
      (/^(?:php|perl|ruby)$/.test(name) && /`[^`]+`/.test(code)) ||
      SECRET_IN_CODE.test(code) ||
      words.slice(1, inline).some((word) => SOCKETS.test(word.text))
    )
      add(template('runs_code', 'high', 'A line of program code here deletes, runs or connects.'));
  }
  if (command.input !== undefined && HARMFUL_CODE.test(command.input))
    add(template('runs_code', 'high', 'Program code here deletes, runs or connects.'));
  return [];
}

/** The words that an interpreter runs: its inline code, otherwise its first operand. */
const inlineOrFirst = (words: readonly ShellWord[], inline: number): readonly ShellWord[] => {
  if (inline > 0) return words.slice(inline + 1, inline + 2);
  return words
    .slice(1)
    .filter((word) => !word.text.startsWith('-'))
    .slice(0, 1);
};

/** A socket module that an interpreter loads, and credential files that its program opens. */
const SOCKETS = /^-(?:M(?:IO::)?Socket|rsocket)/;
const SECRET_IN_CODE = /\/etc\/(?:shadow|sudoers)|\.ssh\/|\.aws\/credentials|id_rsa\b/;

/** Scripts in a command's arguments, which run on another machine or on found files. */
export function nested(name: string, words: readonly ShellWord[]): string[] {
  if (name === 'ssh') {
    const operands = words.slice(1).filter((word) => !word.text.startsWith('-'));
    return operands.length > 1
      ? [
          operands
            .slice(1)
            .map((word) => word.text)
            .join(' '),
        ]
      : [];
  }
  if (name === 'su' || name === 'runuser' || name === 'script') {
    const at = words.findIndex((word) => word.text === '-c' || word.text === '--command');
    return at > 0 && words[at + 1] ? [words[at + 1]?.text ?? ''] : [];
  }
  if (name === 'alias') return words.slice(1, 50).map((word) => word.text.slice(word.text.indexOf('=') + 1));
  if (name === 'trap') return words[1] && !words[1].text.startsWith('-') ? [words[1].text] : [];
  if (name === 'env') {
    const at = words.findIndex((word) => word.text === '-S' || word.text.startsWith('--split-string'));
    return at > 0
      ? [
          words
            .slice(at + 1)
            .map((word) => word.text)
            .join(' '),
        ]
      : [];
  }
  if (name === 'docker' || name === 'kubectl' || name === 'podman' || name === 'oc') {
    const inner = insideContainer(words);
    if (inner !== undefined && !words.some((word) => isShell(commandName(word)))) return [inner];
    const at = words.findIndex((word) => word.text === '-c');
    return at > 0 && words[at + 1] && words.some((word) => isShell(commandName(word)))
      ? [words[at + 1]?.text ?? '']
      : [];
  }
  return [];
}

/** The command that `docker exec NAME …` or `kubectl exec NAME -- …` runs. */
function insideContainer(words: readonly ShellWord[]): string | undefined {
  if (words[1]?.text !== 'exec') return undefined;
  const dashes = words.findIndex((word) => word.text === '--');
  let at = dashes > 0 ? dashes + 1 : 2;
  if (dashes < 0) {
    while (words[at]?.text.startsWith('-'))
      at += /^(?:-[uwe]|--(?:user|workdir|env))$/.test(words[at]?.text ?? '') ? 2 : 1;
    at += 1;
  }
  const inner = words.slice(at);
  return inner.length === 0 ? undefined : inner.map((word) => word.text).join(' ');
}
