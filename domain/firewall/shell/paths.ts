/** Folders of the system itself: what is deleted or written there breaks the machine or changes who rules it. */
const SYSTEM =
  /^\/(?:etc|usr|bin|sbin|lib|lib32|lib64|boot|root|var|sys|proc|dev|opt|srv|System|Library|Windows|private)(?:\/|$)/;
/** Parts of those that every program may write to. */
const SCRATCH =
  /^\/(?:dev\/(?:null|stdout|stderr|tty|fd\/\d+|shm(?:\/|$))|var\/tmp(?:\/|$)|proc\/self\/fd\/\d+$|private\/tmp(?:\/|$)|usr\/local\/src(?:\/|$))/;
const ROOTS =
  /^(?:\/|\/\*|\/\.\*?|~\w*|~\w*\/|~\w*\/\*|\$HOME|\$\{HOME\}|\$HOME\/\*?|\$\{HOME\}\/\*?|\/home\/?\*?|\/root\/?\*?|\/Users\/?\*?|\.\.?|\.\.?\/|(?:\.\.\/)+(?:\.\.)?\*?|\*|\.\/\*|\.\*|\.\.\/\*|[a-z]:[\\/]?\*?)$/i;

const tidy = (path: string): string => path.replace(/\/{2,}/g, '/').replace(/(?:\/\.)+(?=\/|$)/g, '') || '/';

/** A path with its `..` folded in, as far as it starts at the root. */
function folded(path: string): string {
  const plain = tidy(path);
  if (!plain.startsWith('/') || !plain.includes('..')) return plain;
  const out: string[] = [];
  for (const part of plain.split('/')) {
    if (part === '..') out.pop();
    else if (part !== '') out.push(part);
  }
  return `/${out.join('/')}`;
}

export const isSystemPath = (path: string): boolean => {
  const plain = folded(path);
  return SYSTEM.test(plain) && !SCRATCH.test(plain);
};
/** The root, a home, the folder at hand as a whole, or a folder of the system. */
export const isRootPath = (path: string): boolean =>
  ROOTS.test(tidy(path)) ||
  ROOTS.test(folded(path)) ||
  (/^\/[a-z0-9]+\/?\*?$/i.test(folded(path)) && SYSTEM.test(folded(path)));

/** A path that climbs out of where it starts, towards a folder of the system or a home. */
export const climbsOut = (path: string): boolean =>
  /(?:\.\.[\\/;]+){3}/.test(path) ||
  /\.{3,}[\\/]{2,}/.test(path) ||
  /(?:%2e|\.){2}(?:%2f|%5c)/i.test(path) ||
  // No system opens a path so long; the patterns below cost more than its length.
  (path.length > MAX_PATH ? /\.\.[\\/]/.test(path) : CLIMBS_TO.test(path));

const MAX_PATH = 1_024;
const CLIMBS_TO =
  /(?:^|[/=:@"'])(?:\.\.[\\/]+)+(?:[\w.-]+[\\/]+)*(?:(?:etc|root|proc|sys|boot|dev|var|usr|bin|sbin|home|lib|opt|windows|\.ssh|\.aws)(?:[\\/]|$)|(?:\.env\b|id_rsa|credentials?\b|secrets?\b|passwd|shadow|private|passwords?\b))/i;

/** Files that open accounts, or say who has them. */
export const isSecretPath = (path: string): boolean =>
  !/\.(?:example|sample|template|dist|defaults?)$/i.test(path) &&
  (/(?:^|\/)(?:shadow-?|gshadow-?|sudoers(?:\.d(?:\/.*)?)?|master\.passwd|opasswd|krb5\.keytab|\.netrc|\.pgpass|\.my\.cnf|\.git-credentials|\.npmrc|\.pypirc|\.dockercfg|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|.*\.pem|.*\.p12|.*\.pfx|.*\.kdbx|\.env(?:\.\w+)?|wallet\.dat|credentials\.json|secrets?\.ya?ml)$/i.test(
    // The last part of it is what the pattern is about.
    path.slice(-MAX_PATH),
  ) ||
    /(?:^|\/)(?:\.ssh|\.aws|\.gnupg|\.kube|\.azure|\.docker|\.config\/gcloud)(?:\/|$)/.test(path) ||
    /^\/etc\/(?:ssh|ssl\/private|security|pam\.d)(?:\/|$)/.test(path) ||
    /^\/(?:etc\/passwd-?|proc\/(?:\d+|self|\*)\/(?:environ|mem|maps)|proc\/k(?:core|msg|allsyms)|root(?:\/.*)?|var\/run\/secrets(?:\/.*)?|run\/secrets(?:\/.*)?|dev\/k?mem)$/.test(
      path,
    ));

/** Files whose text is run at the next login, boot or tick of the clock. */
export const isStartupPath = (path: string): boolean =>
  /(?:^|\/)(?:\.(?:bash|zsh|k?sh|csh)(?:rc|_profile|_login|_logout|env)?|\.profile|\.bashrc|\.zshrc|\.xinitrc|authorized_keys2?|crontab|rc\.local|ld\.so\.preload|sudoers)$/.test(
    path,
  ) ||
  /(?:^|\/)(?:cron\.(?:d|daily|hourly|weekly|monthly)|spool\/cron|init\.d|systemd\/(?:system|user)|\.ssh|autostart|LaunchAgents|LaunchDaemons|profile\.d|sudoers\.d|\.git\/hooks)(?:\/|$)/.test(
    path,
  );

/** What a shell or a database client has been asked before. */
export const isHistoryPath = (path: string): boolean =>
  /(?:^|\/)(?:\.(?:bash|zsh|sh|ksh|python|mysql|psql|sqlite|node_repl|rediscli)_history|\.lesshst|\.viminfo|wtmp|btmp|lastlog|utmp)$/.test(
    path,
  );

export const isDevice = (path: string): boolean =>
  /^\/dev\/(?:sd|hd|vd|xvd|nvme|mmcblk|disk|loop|dm-|mapper\/|mem|kmem|port)/.test(path);
