import type { Severity } from '../../contracts/verdict.ts';
import { cloudOf } from './shell-cloud.ts';
import { climbsOut, isDevice, isRootPath, isSecretPath, isStartupPath, isSystemPath } from './shell-places.ts';
import type { ShellCommand, ShellWord } from './shell-script.ts';

export type ShellSaid = readonly [id: string, severity: Severity, message: string];
const said = (id: string, severity: Severity, message: string): ShellSaid => [id, severity, message];
const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));

const DELETES = said('destructive', 'high', 'This command deletes or overwrites what cannot be brought back.');
const SYSTEM_WRITE = said(
  'system_write',
  'high',
  'This command changes a file of the system, or one that is run by itself later.',
);
const SENDS_FILE = said('sends_file', 'high', 'This command sends a local file or its input to another machine.');
const REMOTE_SHELL = said('remote_shell', 'critical', 'This command hands a shell to another machine.');
const RIGHTS = said('rights', 'high', 'This command changes who may do what on the machine.');
const HIDES = said('covers_tracks', 'high', 'This command switches off a record or a protection.');
const STOPS = said('stops_system', 'high', 'This command stops the machine or everything on it.');
const READS_SECRET = said('reads_secret', 'high', 'This command reads a file that opens accounts.');

export const INTERPRETERS = set(
  'sh bash zsh dash ksh ash csh tcsh fish busybox python python2 python3 perl ruby node nodejs php lua pwsh powershell osascript tclsh',
);
const SHELLS = set('sh bash zsh dash ksh ash csh tcsh fish');
export const isShell = (name: string): boolean => SHELLS.has(name);
const NETWORK = set(
  'curl wget nc ncat netcat socat ssh scp sftp rsync ftp tftp telnet lftp aria2c http https xh httpie openssl mail mailx sendmail mutt',
);
export const isNetwork = (name: string): boolean => NETWORK.has(name);
const ACCOUNT = set(
  'useradd userdel usermod adduser deluser groupadd groupdel groupmod gpasswd passwd chpasswd newusers chage visudo vipw vigr dscl',
);
const DEVICE_TOOLS =
  /^(?:mkfs(?:\..+)?|mke2fs|mkswap|wipefs|fdisk|sfdisk|gdisk|sgdisk|parted|cfdisk|blkdiscard|hdparm|cryptsetup|lvremove|vgremove|pvremove|zpool|diskpart|format)$/;

const base = (word: ShellWord | undefined): string => (word?.text ?? '').replace(/^\\/, '').replace(/^.*\//, '');
const isFlag = (word: ShellWord): boolean => /^-./.test(word.text);
const operands = (words: readonly ShellWord[]): ShellWord[] => words.slice(1).filter((word) => !isFlag(word));
const flags = (words: readonly ShellWord[]): string =>
  words
    .slice(1)
    .filter(isFlag)
    .map((word) => (word.text.startsWith('--') ? ` ${word.text} ` : word.text))
    .join(' ');
const short = (words: readonly ShellWord[], letter: string): boolean =>
  words.slice(1).some((word) => /^-[A-Za-z]+$/.test(word.text) && word.text.includes(letter));
const long = (words: readonly ShellWord[], name: string): boolean =>
  words.slice(1).some((word) => word.text === `--${name}` || word.text.startsWith(`--${name}=`));

/** A variable that may be empty right before a slash, or is all there is: then the path is the root. */
const mayBeRoot = (word: ShellWord): boolean =>
  word.open &&
  /^\$\{?\w+\}?(?:\/\*?)?$/.test(word.text) &&
  !/^\$\{?(?:file|f|tmp|i|line|1|dir|name|path)/i.test(word.text);

/** What one command says by itself, its words resolved and what wraps it taken off. */
export function judgeCommand(words: readonly ShellWord[], command: ShellCommand): ShellSaid[] {
  const name = base(words[0]);
  const found: ShellSaid[] = [];
  const add = (one: ShellSaid | false | undefined): void => {
    if (one) found.push(one);
  };
  for (const target of command.writes) {
    if (isDevice(target.text)) add(DELETES);
    else if (isStartupPath(target.text) || isSystemPath(target.text)) add(SYSTEM_WRITE);
  }
  for (const word of words) {
    if (/\/dev\/(?:tcp|udp)\//.test(word.text)) add(REMOTE_SHELL);
    if (climbsOut(word.text))
      add(
        said('path_climbs', 'medium', 'A path of this command climbs out of its folder towards the system or a home.'),
      );
  }
  if ([...command.writes, ...command.reads].some((word) => /\/dev\/(?:tcp|udp)\//.test(word.text))) add(REMOTE_SHELL);
  add(judgeFiles(name, words, command));
  add(judgeRights(name, words));
  add(judgeNetwork(name, words, command));
  add(judgeControl(name, words));
  add(
    cloudOf(
      name,
      words.map((word) => word.text),
    ),
  );
  return found;
}

function judgeFiles(name: string, words: readonly ShellWord[], command: ShellCommand): ShellSaid | undefined {
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
      return at > 0 && isGrave(base(words[at + 1]), words.slice(at + 1))
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

function judgeRights(name: string, words: readonly ShellWord[]): ShellSaid | undefined {
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

const REMOTE = /^(?:[\w.-]+@)?[\w.-]+:(?!\/\/)[^\s]*$/;

function judgeNetwork(name: string, words: readonly ShellWord[], command: ShellCommand): ShellSaid | undefined {
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

const DUMPS = set(
  'env printenv set export declare history cat tar zip gzip find ls ps mysqldump pg_dump mongodump getent',
);

function judgeControl(name: string, words: readonly ShellWord[]): ShellSaid | undefined {
  const all = words.map((word) => word.text);
  const line = all.join(' ');
  switch (name) {
    case 'kill':
    case 'pkill':
    case 'killall':
    case 'killall5':
      return name === 'killall5' ||
        (name === 'kill' && /\s-1$/.test(line) && all.length > 2) ||
        (name !== 'kill' && /-u\s*root|\s\.\*?$|\ssshd|\ssystemd/.test(line))
        ? STOPS
        : undefined;
    case 'shutdown':
    case 'reboot':
    case 'halt':
    case 'poweroff':
      return /-c\b/.test(line) ? undefined : STOPS;
    case 'init':
    case 'telinit':
      return /^[016]$/.test(all[1] ?? '') ? STOPS : undefined;
    case 'history':
      return short(words, 'c') || short(words, 'd') ? HIDES : undefined;
    case 'unset':
    case 'export':
    case 'declare':
      return all.some((word) => /^HIST(?:FILE|SIZE|CONTROL|IGNORE|FILESIZE)$/.test(word)) ? HIDES : undefined;
    case 'set':
    case 'shopt':
      return /\+o history/.test(line) ? HIDES : undefined;
    case 'setenforce':
      return all[1] === '0' || /^permissive$/i.test(all[1] ?? '') ? HIDES : undefined;
    case 'auditctl':
      return /-e\s*0|-D/.test(line) ? HIDES : undefined;
    case 'ufw':
      return /\b(?:disable|reset)\b/.test(line) ? HIDES : undefined;
    case 'iptables':
    case 'ip6tables':
    case 'nft':
      return /(?:^|\s)(?:-F|--flush|-X|flush ruleset|-P \w+ ACCEPT)\b/.test(line) ? HIDES : undefined;
    case 'systemctl':
    case 'service':
    case 'chkconfig':
      return /\b(?:stop|disable|mask|off)\b/.test(line) &&
        /\b(?:auditd|rsyslog|syslog(?:-ng)?|systemd-journald|firewalld|ufw|fail2ban|apparmor|selinux|falcon-sensor|clamav\S*|crowdsec|iptables|nftables|sshd)\b/.test(
          line,
        )
        ? HIDES
        : undefined;
    case 'journalctl':
      return /--vacuum-(?:time|size|files)/.test(line) ? HIDES : undefined;
    case 'wevtutil':
      return /\bcl\b|clear-log/.test(line) ? HIDES : undefined;
    case 'git': {
      if (/\bclean\b/.test(line) && /\s-\w*f/.test(line) && !/\s-\w*n/.test(line)) return DELETES;
      if (
        /\bpush\b/.test(line) &&
        /(?:\s--force(?:-with-lease)?\b|\s-\w*f\w*\b|\s--mirror|\s--delete|\s\+\S|\s:\S)/.test(line)
      )
        return said('rewrites_history', 'high', 'This rewrites what others have already fetched.');
      return /\b(?:filter-branch|filter-repo)\b|\breflog\s+expire\b/.test(line) ? DELETES : undefined;
    }
    case 'sysctl':
      return /\s-w\b|=/.test(line) ? RIGHTS : undefined;
    default:
      return undefined;
  }
}

/** Whether a command only puts out what another may send away. */
export const isDump = (name: string): boolean => DUMPS.has(name);
