import { isRootPath, isSecretPath, isSystemPath } from './shell-places.ts';
import { RIGHTS, type ShellSaid, said } from './shell-said.ts';
import type { ShellWord } from './shell-script.ts';
import { long, operands, set, short } from './shell-words.ts';

const ACCOUNT = set(
  'useradd userdel usermod adduser deluser groupadd groupdel groupmod gpasswd passwd chpasswd newusers chage visudo vipw vigr dscl',
);

/** Commands that change who may do what on the machine. */
export function judgeRights(name: string, words: readonly ShellWord[]): ShellSaid | undefined {
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
    return some.slice(1).some((word) => isSystemPath(word.text) || (isRootPath(word.text) && word.text.startsWith('/')))
      ? RIGHTS
      : undefined;
  }
  if (name === 'passwd' && words.some((word) => word.text === '-S' || word.text === '--status')) return undefined;
  if (ACCOUNT.has(name)) return RIGHTS;
  if (name === 'crontab')
    return words.some((word) => word.text === '-l') && !words.some((word) => word.text === '-r')
      ? undefined
      : said('persistence', 'high', 'This command makes something run again by itself.');
  if (name === 'at' || name === 'batch') return undefined;
  if (
    name === 'setcap' ||
    name === 'capsh' ||
    name === 'nsenter' ||
    name === 'insmod' ||
    name === 'modprobe' ||
    name === 'rmmod'
  )
    return RIGHTS;
  return name === 'setfacl' && some.some((word) => isSystemPath(word.text)) ? RIGHTS : undefined;
}
