import { isSecretPath, isSystemPath } from './shell-places.ts';
import { REMOTE_SHELL, SENDS_FILE, type ShellSaid } from './shell-said.ts';
import type { ShellCommand, ShellWord } from './shell-script.ts';
import { long, operands, set, short } from './shell-words.ts';

const NETWORK = set(
  'curl wget nc ncat netcat socat ssh scp sftp rsync ftp tftp telnet lftp aria2c http https xh httpie openssl mail mailx sendmail mutt',
);
export const isNetwork = (name: string): boolean => NETWORK.has(name);

const DUMPS = set(
  'env printenv set export declare history cat tar zip gzip find ls ps mysqldump pg_dump mongodump getent',
);
/** Whether a command only puts out what another may send away. */
export const isDump = (name: string): boolean => DUMPS.has(name);

const REMOTE = /^(?:[\w.-]+@)?[\w.-]+:(?!\/\/)[^\s]*$/;

/** Commands that send a file or their input to another machine, or hand it a shell. */
export function judgeNetwork(name: string, words: readonly ShellWord[], command: ShellCommand): ShellSaid | undefined {
  const all = words.map((word) => word.text);
  if (name === 'nc' || name === 'ncat' || name === 'netcat') {
    if (short(words, 'e') || short(words, 'c') || long(words, 'exec') || long(words, 'sh-exec')) return REMOTE_SHELL;
    return command.fedBy.length > 0 || command.reads.length > 0 ? SENDS_FILE : undefined;
  }
  if (name === 'socat') return all.some((word) => /exec:|system:/i.test(word)) ? REMOTE_SHELL : undefined;
  if (name === 'curl' || name === 'http' || name === 'xh') {
    for (let at = 1; at < all.length; at += 1) {
      const word = all[at] ?? '';
      const next = all[at + 1] ?? '';
      const value = /^--[\w-]+=(.*)$/.exec(word)?.[1] ?? /^-[dFT](.+)$/.exec(word)?.[1] ?? next;
      if (
        /^(?:-d|--data(?:-binary|-raw|-ascii|-urlencode)?(?:=|$)|--json(?:=|$))/.test(word) &&
        /^(?:[\w.-]*=)?@/.test(value) &&
        !word.startsWith('--data-raw')
      )
        return SENDS_FILE;
      if (/^(?:-F|--form(?:=|$))/.test(word) && /=[@<]/.test(value)) return SENDS_FILE;
      if (/^(?:-T|--upload-file)/.test(word)) return SENDS_FILE;
      if (/^(?:-d|--data)/.test(word) && command.substituted) return SENDS_FILE;
    }
    if (command.substituted && all.some((word) => /[?&][\w-]+=[^&]*(?:\$\(|`)/.test(word))) return SENDS_FILE;
  }
  if (name === 'wget' && all.some((word) => /^--(?:post|body)-file/.test(word))) return SENDS_FILE;
  if (name === 'scp' || name === 'rsync') {
    const some = operands(words);
    const target = some.at(-1)?.text ?? '';
    return REMOTE.test(target) && some.slice(0, -1).some((word) => isSecretPath(word.text) || isSystemPath(word.text))
      ? SENDS_FILE
      : undefined;
  }
  return undefined;
}

/** Whether a command sends away what it is fed. */
export const sendsInput = (name: string, words: readonly ShellWord[]): boolean =>
  name === 'curl'
    ? words.some((word) => /^@-$|^-T$|=@-$|^-$|^@\/dev\/stdin$/.test(word.text))
    : name === 'wget'
      ? words.some((word) => /^--(?:post|body)-file/.test(word.text))
      : name !== 'openssl' || words.some((word) => word.text === 's_client');
