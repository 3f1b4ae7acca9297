import type { FindingTemplate } from '../finding.ts';
import { REMOTE_SHELL, SENDS_FILE, template } from './findings.ts';
import { isRootPath, isSecretPath, isSystemPath } from './paths.ts';
import { OUTPUT_OF_COMMAND, REQUEST_OPTION } from './patterns.ts';
import type { ShellCommand, ShellWord } from './script.ts';
import { long, operands, short } from './tokenizer.ts';
import { DUMP_PROGRAMS, NAME_LOOK_UPS, NETWORK_PROGRAMS, TUNNELS } from './words.ts';

export const isNetwork = (name: string): boolean => NETWORK_PROGRAMS.has(name);

/** Whether a command only prints data, which another command may send. */
export const isDump = (name: string): boolean => DUMP_PROGRAMS.has(name);

const REMOTE = /^(?:[\w.-]+@)?[\w.-]+:(?!\/\/)[^\s]*$|^rsync:\/\//;
const TUNNEL: FindingTemplate = template('tunnel', 'high', 'This command opens a tunnel into this machine.');
const isShellNode = (node: unknown): boolean =>
  /(?:^|\/)(?:ba|z|da|k)?sh$/.test(String((node as { name?: { text?: string } } | undefined)?.name?.text ?? ''));

/** Commands that send a file or their input to another machine, or give it a shell. */
export function judgeNetwork(
  name: string,
  words: readonly ShellWord[],
  command: ShellCommand,
): FindingTemplate | undefined {
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
        (/^(?:[\w.-]*=)?@/.test(value) || (word.startsWith('--data-urlencode') && /^[\w.-]*@/.test(value))) &&
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
  // In any part of a request, but a header may contain a token that another tool prints.
  if (
    (name === 'curl' || name === 'wget') &&
    all.some(
      (word, at) =>
        OUTPUT_OF_COMMAND.test(word) &&
        (/:\/\/|^--?(?:d|data|post-data|body-data|json|F|form)/.test(word) || REQUEST_OPTION.test(all[at - 1] ?? '')),
    )
  )
    return SENDS_FILE;
  // A look-up of a name that contains a command's output sends that output to the name's server.
  if (
    NAME_LOOK_UPS.has(name) &&
    all
      .slice(1)
      .some(
        (word) =>
          /(?:\$\([^)]*\)|`[^`]*`|\$\{?\w+\}?)\.[a-z0-9-]+\.[a-z]{2,}/i.test(word) && OUTPUT_OF_COMMAND.test(word),
      )
  )
    return SENDS_FILE;
  if (name === 'ssh' && short(words, 'R')) return REMOTE_SHELL;
  if (name === 'openssl' && all[1] === 's_client' && command.fedBy.length > 0 && isShellNode(command.fedBy.at(-1)))
    return REMOTE_SHELL;
  if (TUNNELS.has(name) && !(name === 'cloudflared' && all[1] !== 'tunnel')) return TUNNEL;
  if ((name === 'http' || name === 'xh') && command.reads.length > 0) return SENDS_FILE;
  if (
    /^(?:gsutil|aws|rclone|azcopy|gcloud|mc|s3cmd)$/.test(name) &&
    operands(words).some((word) => isSecretPath(word.text) || isSystemPath(word.text) || word.text === '/') &&
    /\b(?:cp|copy|sync|mv|put|move)\b/.test(all.slice(1, 4).join(' '))
  )
    return SENDS_FILE;
  if (
    /^(?:mail|mailx|mutt|sendmail)$/.test(name) &&
    (command.reads.some((word) => isSystemPath(word.text) || isSecretPath(word.text)) ||
      (short(words, 'a') && all.some((word) => isSystemPath(word) || isSecretPath(word))))
  )
    return SENDS_FILE;
  if (
    /^(?:sftp|ftp|tftp|lftp)$/.test(name) &&
    /(?:^|[\n;'"\s])m?put\s+\S/.test(`${command.input ?? ''} ${all.slice(1).join(' ')}`)
  )
    return SENDS_FILE;
  if (name === 'scp' || name === 'rsync') {
    const some = operands(words);
    const target = some.at(-1)?.text ?? '';
    return REMOTE.test(target) &&
      some
        .slice(0, -1)
        .some(
          (word) =>
            isSecretPath(word.text) || isSystemPath(word.text) || (isRootPath(word.text) && /^[/~$]/.test(word.text)),
        )
      ? SENDS_FILE
      : undefined;
  }
  return undefined;
}

/** Whether a command sends its input. */
export const sendsInput = (name: string, words: readonly ShellWord[]): boolean =>
  name === 'curl'
    ? words.some((word) => /^@-$|^-T$|=@-$|^-$|^@\/dev\/stdin$/.test(word.text))
    : name === 'wget'
      ? words.some((word) => /^--(?:post|body)-file/.test(word.text))
      : name !== 'openssl' || words.some((word) => word.text === 's_client');
