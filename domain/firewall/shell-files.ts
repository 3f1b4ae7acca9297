import { isDevice, isRootPath, isSecretPath, isStartupPath, isSystemPath } from './shell-places.ts';
import { DELETES, type ShellSaid, SYSTEM_WRITE, said } from './shell-said.ts';
import type { ShellCommand, ShellWord } from './shell-script.ts';
import { commandName, flags, long, mayBeRoot, operands, set, short } from './shell-words.ts';

const READS_SECRET = said('reads_secret', 'high', 'This command reads a file that opens accounts.');
const DEVICE_TOOLS =
  /^(?:mkfs(?:\..+)?|mke2fs|mkswap|wipefs|fdisk|sfdisk|gdisk|sgdisk|parted|cfdisk|blkdiscard|hdparm|cryptsetup|lvremove|vgremove|pvremove|zpool|diskpart|format)$/;

/** Commands that delete, overwrite, copy or read files. */
export function judgeFiles(name: string, words: readonly ShellWord[], command: ShellCommand): ShellSaid | undefined {
  const some = operands(words);
  switch (name.toLowerCase()) {
    case 'rm':
    case 'unlink':
    case 'rmdir':
    case 'shred':
    case 'srm': {
      const recursive = short(words, 'r') || short(words, 'R') || long(words, 'recursive');
      if (long(words, 'no-preserve-root')) return DELETES;
      if (some.some((word) => isSystemPath(word.text) || isStartupPath(word.text) || isSecretPath(word.text)))
        return DELETES;
      return name === 'shred' ||
        (recursive && some.some((word) => isRootPath(word.text) || mayBeRoot(word))) ||
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
      const at = words.findIndex((word) => /^-(?:exec|execdir|ok|okdir)$/.test(word.text));
      return at > 0 && isGrave(commandName(words[at + 1]), words.slice(at + 1))
        ? said('bulk_change', 'high', 'This command runs a destructive command on everything it finds.')
        : undefined;
    }
    case 'dd':
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
        some.slice(0, -1).some((word) => isRootPath(word.text) && word.text.startsWith('/'))
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
      const sources = some.slice(0, -1);
      if (
        name !== 'rsync' &&
        name !== 'ln' &&
        sources.some((word) => isSecretPath(word.text) || isSystemPath(word.text))
      ) {
        return said(
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
    case 'tee':
      return some.some((word) => isStartupPath(word.text) || isSystemPath(word.text)) ? SYSTEM_WRITE : undefined;
    case 'sed':
    case 'perl':
      return /(?:^|\s)-\w*i/.test(flags(words)) &&
        some.some((word) => isSystemPath(word.text) || isStartupPath(word.text))
        ? SYSTEM_WRITE
        : undefined;
    case 'cat':
    case 'less':
    case 'more':
    case 'head':
    case 'tail':
    case 'strings':
    case 'xxd':
    case 'base64':
    case 'tar':
    case 'zip':
    case 'grep':
    case 'awk':
      return [...some, ...command.reads].some(
        (word) => isSecretPath(word.text) && !/^\/etc\/passwd$|^\/root\/?$/.test(word.text),
      )
        ? READS_SECRET
        : undefined;
    default:
      if (DEVICE_TOOLS.test(name))
        return words.some(
          (word) => word.text === '-l' || word.text === '--list' || word.text === 'status' || word.text === 'list',
        )
          ? undefined
          : DELETES;
      return undefined;
  }
}

const GRAVE = set('rm rmdir unlink shred dd kill truncate curl wget nc scp ssh crontab');
/** Whether a command is one that must not be run on everything a search finds. */
export const isGrave = (name: string, words: readonly ShellWord[]): boolean =>
  name === 'chmod'
    ? words.some((word) => /^[0-7]*7[0-7]?7$|\+s|o\+w|a\+w/.test(word.text))
    : name === 'sh' || name === 'bash'
      ? words.some((word) => /\b(?:rm|dd|mkfs|curl|wget|nc|chmod)\b/.test(word.text))
      : GRAVE.has(name);
