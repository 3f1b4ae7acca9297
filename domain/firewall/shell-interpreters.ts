import type { ShellSaid } from './shell-said.ts';
import type { ShellCommand, ShellWord } from './shell-script.ts';
import { commandName, set } from './shell-words.ts';

const INTERPRETERS = set(
  'sh bash zsh dash ksh ash csh tcsh fish busybox python python2 python3 perl ruby node nodejs php lua pwsh powershell osascript tclsh',
);
const SHELLS = set('sh bash zsh dash ksh ash csh tcsh fish');
const isShell = (name: string): boolean => SHELLS.has(name);

/** What is run as a program although it was fetched, decoded or fed. */
export function interpreted(
  name: string,
  words: readonly ShellWord[],
  command: ShellCommand,
  feeders: readonly string[],
  add: (said: ShellSaid) => void,
): string[] {
  const fed: ShellSaid = ['runs_input', 'high', 'This runs as a program what it was fed, fetched or decoded.'];
  const script = words.slice(1).find((word) => !word.text.startsWith('-'));
  const inline = words.findIndex((word) => /^-\w*[ce]$/.test(word.text) || word.text === '-r');
  if (name === 'eval' || name === 'source' || name === '.') {
    const dynamic = words.slice(1).some((word) => word.open) && command.substituted;
    if (dynamic) add(fed);
    return name === 'eval' && !dynamic
      ? [
          words
            .slice(1)
            .map((word) => word.text)
            .join(' '),
        ]
      : [];
  }
  if (!INTERPRETERS.has(name) || name === 'busybox') return [];
  if (feeders.length > 0 && (script === undefined || script.text === '/dev/stdin') && inline < 0) add(fed);
  if (
    command.substituted &&
    (isShell(name) || script?.open) &&
    inlineOrFirst(words, inline).some((word) => word.open && /[$<]\(|`/.test(word.text))
  )
    add(fed);
  if (command.input !== undefined && script === undefined && isShell(name)) return [command.input];
  if (inline > 0) {
    const code = words[inline + 1]?.text ?? '';
    if (isShell(name)) return [code];
    if (CODE.test(code)) add(['runs_code', 'high', 'A line of program code here deletes, runs or connects.']);
  }
  if (command.input !== undefined && CODE.test(command.input))
    add(['runs_code', 'high', 'Program code here deletes, runs or connects.']);
  return [];
}

/** The words that an interpreter runs: its inline code, or else its first operand. */
const inlineOrFirst = (words: readonly ShellWord[], inline: number): readonly ShellWord[] => {
  if (inline > 0) return words.slice(inline + 1, inline + 2);
  return words
    .slice(1)
    .filter((word) => !word.text.startsWith('-'))
    .slice(0, 1);
};

const CODE =
  /\b(?:os\.system|subprocess|popen|shutil\.rmtree|os\.(?:remove|unlink|rmdir|exec\w*|dup2|fork|environ)|socket|pty\.spawn|child_process|execSync|spawnSync|unlinkSync|rmSync|unlink|rmtree|fsockopen|shell_exec|passthru|system\s*\(|exec\s*\(|eval\s*\(|__import__|base64)/i;

/** Scripts that a command carries to run elsewhere or on what it finds. */
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
  if (name === 'docker' || name === 'kubectl' || name === 'podman') {
    const at = words.findIndex((word) => word.text === '-c');
    return at > 0 && words[at + 1] && words.some((word) => isShell(commandName(word)))
      ? [words[at + 1]?.text ?? '']
      : [];
  }
  return [];
}
