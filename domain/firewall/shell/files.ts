import type { FindingTemplate } from '../finding.ts';
import { BULK_CHANGE, DELETES, HIDES, READS_SECRET, SYSTEM_WRITE, template } from './findings.ts';
import { isDevice, isHistoryPath, isRootPath, isSecretPath, isStartupPath, isSystemPath } from './paths.ts';
import type { ShellCommand, ShellWord } from './script.ts';
import { commandName, flags, long, mayBeRoot, operands, short } from './tokenizer.ts';
import { DEVICE_TOOLS, FILE_READERS, GRAVE_COMMANDS } from './words.ts';

const opensAccounts = (path: string): boolean => isSecretPath(path) && !/^\/etc\/passwd$|^\/root\/?$/.test(path);

/** Commands that delete, overwrite, copy or read files. */
export function judgeFiles(
  name: string,
  words: readonly ShellWord[],
  command: ShellCommand,
): FindingTemplate | undefined {
  if (command.reads.some((word) => opensAccounts(word.text))) return READS_SECRET;
  const some = operands(words);
  switch (name.toLowerCase()) {
    case 'rm':
    case 'unlink':
    case 'rmdir':
    case 'shred':
    case 'srm': {
      const recursive = short(words, 'r') || short(words, 'R') || long(words, 'recursive');
      if (long(words, 'no-preserve-root')) return DELETES;
      if (some.some((word) => isHistoryPath(word.text))) return HIDES;
      if (some.some((word) => isSystemPath(word.text) || isStartupPath(word.text) || isSecretPath(word.text)))
        return DELETES;
      return name === 'shred' ||
        (recursive &&
          some.some(
            (word) =>
              isRootPath(word.text) ||
              mayBeRoot(word) ||
              /^(?:\$\(\s*(?:echo|printf)\s[^)]*\)|`(?:echo|printf)\s[^`]*`)\/?\*?$/.test(word.text) ||
              /(?:^|\/)\.git\/?$|(?:\.\.(?:\/|$)){3}/.test(word.text),
          )) ||
        some.some((word) => /^(?:\/\*?|~\/?\*?)$/.test(word.text))
        ? DELETES
        : undefined;
    }
    case 'remove-item':
    case 'del':
    case 'erase':
    case 'rd':
      return /(?:-recurse|-r\b|\/s)/i.test(words.map((word) => word.text).join(' ')) ? DELETES : undefined;
    case 'find': {
      if (words.some((word) => word.text === '-delete')) return DELETES;
      if (
        words.some(
          (word, at) =>
            /^-f(?:printf?|print0|ls)$/.test(word.text) &&
            (isStartupPath(words[at + 1]?.text ?? '') ||
              /^\/(?:etc|usr|s?bin|lib\w*|boot)\//.test(words[at + 1]?.text ?? '')),
        )
      )
        return SYSTEM_WRITE;
      const at = words.findIndex((word) => /^-(?:exec|execdir|ok|okdir)$/.test(word.text));
      return at > 0 && isGrave(commandName(words[at + 1]), words.slice(at + 1)) ? BULK_CHANGE : undefined;
    }
    case 'fd':
    case 'fdfind': {
      const at = words.findIndex((word) => /^(?:-[xX]|--exec(?:-batch)?)$/.test(word.text));
      return at > 0 && isGrave(commandName(words[at + 1]), words.slice(at + 1)) ? BULK_CHANGE : undefined;
    }
    case 'unshadow':
      return READS_SECRET;
    case 'getent':
      return some[0]?.text === 'shadow' || some[0]?.text === 'gshadow' ? READS_SECRET : undefined;
    case 'dd':
      if (words.some((word) => /^if=/.test(word.text) && opensAccounts(word.text.slice(3)))) return READS_SECRET;
      return words.some(
        (word) => /^of=/.test(word.text) && (isDevice(word.text.slice(3)) || isSystemPath(word.text.slice(3))),
      )
        ? DELETES
        : undefined;
    case 'truncate':
      return some.some((word) => isSystemPath(word.text)) ? DELETES : undefined;
    case 'mv': {
      const [source, target] = [some[0], some.at(-1)];
      if (
        target?.text === '/dev/null' ||
        some.slice(0, -1).some((word) => isRootPath(word.text) && /^[/~$]/.test(word.text))
      )
        return DELETES;
      if (some.slice(0, -1).some((word) => isSystemPath(word.text) || isSecretPath(word.text))) return SYSTEM_WRITE;
      return target && source !== target && (isStartupPath(target.text) || isSystemPath(target.text))
        ? SYSTEM_WRITE
        : undefined;
    }
    case 'cp':
    case 'install':
    case 'ln':
    case 'rsync': {
      const target = some.at(-1);
      if (
        name === 'rsync' &&
        target &&
        words.some((word) => /^--(?:delete|del)(?:-\w+)?$/.test(word.text)) &&
        (isRootPath(target.text) ||
          isSystemPath(target.text) ||
          mayBeRoot(target) ||
          /^\/(?:var|usr|etc|home|opt|srv)\/[\w.-]*\/?$/.test(target.text) ||
          /^\/var\/lib\//.test(target.text))
      )
        return DELETES;
      if (name === 'ln' && target && isHistoryPath(target.text)) return HIDES;
      const sources = some.slice(0, -1);
      if (
        name !== 'rsync' &&
        name !== 'ln' &&
        sources.some((word) => isSecretPath(word.text) || isSystemPath(word.text))
      ) {
        return template(
          'copies_system_file',
          'medium',
          'This command copies a file of the system to where others may read it.',
        );
      }
      return target &&
        some.length > 1 &&
        name !== 'rsync' &&
        (isStartupPath(target.text) || /^\/(?:etc|boot|root|bin|sbin|lib|usr\/s?bin)(?:\/|$)/.test(target.text)) &&
        !/^\.\w+$/.test(target.text)
        ? SYSTEM_WRITE
        : undefined;
    }
    case 'mount':
      return some.length > 1 &&
        words.some((word) => /^(?:--r?bind|-B|-obind)$/.test(word.text)) &&
        /^\/(?:etc|usr|bin|sbin|lib|boot|root|var|home)?(?:\/|$)/.test(some.at(-1)?.text ?? '')
        ? SYSTEM_WRITE
        : undefined;
    case 'tee':
      return some.some((word) => isStartupPath(word.text) || isSystemPath(word.text)) ? SYSTEM_WRITE : undefined;
    case 'sed':
    case 'perl':
      if (name === 'sed' && some.some((word) => opensAccounts(word.text))) return READS_SECRET;
      return /(?:^|\s)-\w*i/.test(flags(words)) &&
        some.some((word) => isSystemPath(word.text) || isStartupPath(word.text))
        ? SYSTEM_WRITE
        : undefined;
    case 'ed':
      return some.some((word) => isSystemPath(word.text)) ? SYSTEM_WRITE : undefined;
    default:
      if (FILE_READERS.has(name.toLowerCase())) {
        if (
          name === 'tar' &&
          /(?:^|\s)-?\w*x/.test(words[1]?.text ?? '') &&
          words.some(
            (word, at) =>
              word.text === '-C' &&
              /^\/+$|^\/(?:etc|usr|bin|sbin|lib|boot|root)(?:\/|$)/.test(words[at + 1]?.text ?? ''),
          )
        )
          return SYSTEM_WRITE;
        if (
          /^(?:n?vim?|nano)$/.test(name) &&
          some.some((word) => /^\/etc\/(?:passwd|sudoers|group|ssh\/|pam\.d\/|crontab)/.test(word.text))
        )
          return SYSTEM_WRITE;
        return some.some((word) => opensAccounts(word.text)) ? READS_SECRET : undefined;
      }
      if (DEVICE_TOOLS.has(name) || /^mkfs\..+$/.test(name))
        return words.some(
          (word) => word.text === '-l' || word.text === '--list' || word.text === 'status' || word.text === 'list',
        )
          ? undefined
          : DELETES;
      return undefined;
  }
}

/** Whether a command must not run on all files that a search finds. */
export const isGrave = (name: string, words: readonly ShellWord[]): boolean =>
  name === 'chmod'
    ? words.some((word) => /^[0-7]*7[0-7]?7$|\+s|o\+w|a\+w/.test(word.text))
    : name === 'sh' || name === 'bash'
      ? words.some((word) => /\b(?:rm|dd|mkfs|curl|wget|nc|chmod)\b/.test(word.text))
      : GRAVE_COMMANDS.has(name);
