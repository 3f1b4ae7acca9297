import type { FindingTemplate } from '../finding.ts';
import { PERSISTS, RIGHTS, template } from './findings.ts';
import { isRootPath, isSecretPath, isSystemPath } from './paths.ts';
import { carriesFiles, literallyFed } from './pipeline-input.ts';
import type { ShellCommand, ShellWord } from './script.ts';
import { long, operands, short } from './tokenizer.ts';
import { ACCOUNT_TOOLS } from './words.ts';

const ROOT_SHELL = template(
  'root_shell',
  'medium',
  'This opens a shell of an administrator, in which nothing more is judged.',
);

/** Commands that change permissions on the machine. */
export function judgeRights(
  name: string,
  words: readonly ShellWord[],
  command: ShellCommand,
): FindingTemplate | undefined {
  const some = operands(words);
  if (name === 'chmod') {
    const recursive = short(words, 'R') || long(words, 'recursive');
    const mode = some[0]?.text ?? '';
    if (
      /^[0-7]?777$|^[0-7]?666$|^(?:a|o|ugo|go|)\+[rwx]*w|^[24567][0-7]{3}$|[ugoa]*\+[rwx]*s/.test(mode) &&
      !/^u\+w/.test(mode)
    )
      return RIGHTS;
    return recursive && some.slice(1).some((word) => isRootPath(word.text) && word.text.startsWith('/'))
      ? RIGHTS
      : some.slice(1).some((word) => isSecretPath(word.text) && word.text.startsWith('/etc'))
        ? RIGHTS
        : undefined;
  }
  if (name === 'chown' || name === 'chgrp') {
    // The folder of one application below a system folder.
    const own = (path: string): boolean => /^\/(?:var\/www|srv|opt)\/[\w.-]+/.test(path) && !path.includes('..');
    return some
      .slice(1)
      .some(
        (word) => (isSystemPath(word.text) && !own(word.text)) || (isRootPath(word.text) && word.text.startsWith('/')),
      )
      ? RIGHTS
      : undefined;
  }
  if (name === 'passwd' && words.some((word) => word.text === '-S' || word.text === '--status')) return undefined;
  if (ACCOUNT_TOOLS.has(name)) return RIGHTS;
  if (name === 'crontab')
    return words.some((word) => word.text === '-l') && !words.some((word) => word.text === '-r') ? undefined : PERSISTS;
  if (name === 'at' || name === 'batch')
    return command.fedBy.length > 1 ||
      (command.fedBy.length === 1 && !literallyFed(command.fedBy) && !carriesFiles(command.fedBy))
      ? PERSISTS
      : undefined;
  if (name === 'alias')
    return words
      .slice(1)
      .some(
        (word) =>
          /^(?:sudo|su|ssh|passwd|login|doas|ls|cd)=/.test(word.text) && !/^(?:ls|cd)=(?:ls|cd)\b/.test(word.text),
      )
      ? PERSISTS
      : undefined;
  if (name === 'sudo' || name === 'su' || name === 'doas')
    return name === 'su' && words.some((word) => word.text === '-c') ? undefined : ROOT_SHELL;
  if (
    name === 'setcap' ||
    name === 'capsh' ||
    name === 'nsenter' ||
    name === 'insmod' ||
    name === 'modprobe' ||
    name === 'rmmod'
  )
    return RIGHTS;
  if (name === 'chattr' && words.some((word) => /^[+-]\w*[ia]/.test(word.text))) return RIGHTS;
  if (
    name === 'ssh-copy-id' ||
    name === 'systemd-run' ||
    (name === 'launchctl' && /^(?:load|bootstrap|submit)$/.test(some[0]?.text ?? ''))
  )
    return PERSISTS;
  if (
    name === 'install' &&
    words.some(
      (word, at) =>
        /^(?:-m|--mode=?)?[2467][0-7]{3}$/.test(word.text) &&
        (word.text.startsWith('-') || words[at - 1]?.text === '-m'),
    )
  )
    return RIGHTS;
  if (name === 'pkexec') return RIGHTS;
  return name === 'setfacl' && some.some((word) => isSystemPath(word.text)) ? RIGHTS : undefined;
}
