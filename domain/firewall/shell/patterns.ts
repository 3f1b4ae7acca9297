/** Folders of the system itself: what is deleted or written there breaks the machine or changes who rules it. */
export const SYSTEM_FOLDER =
  /^\/(?:etc|usr|bin|sbin|lib|lib32|lib64|boot|root|var|sys|proc|dev|opt|srv|System|Library|Windows|private)(?:\/|$)/;

/** Parts of the system that every program may write to. */
export const SCRATCH_FOLDER =
  /^\/(?:dev\/(?:null|stdout|stderr|tty|fd\/\d+|shm(?:\/|$))|var\/tmp(?:\/|$)|proc\/self\/fd\/\d+$|private\/tmp(?:\/|$)|usr\/local\/src(?:\/|$))/;

/** The root, a home, or the folder at hand as a whole. */
export const ROOT_FOLDER =
  /^(?:\/|\/\*|\/\.\*?|~\w*|~\w*\/|~\w*\/\*|\$HOME|\$\{HOME\}|\$HOME\/\*?|\$\{HOME\}\/\*?|\/home\/?\*?|\/root\/?\*?|\/Users\/?\*?|\.\.?|\.\.?\/|(?:\.\.\/)+(?:\.\.)?\*?|\*|\.\/\*|\.\*|\.\.\/\*|[a-z]:[\\/]?\*?)$/i;

/** A way up that ends in a folder of the system, a home or a secret. */
export const CLIMBS_TO =
  /(?:^|[/=:@"'])(?:\.\.[\\/]+)+(?:[\w.-]+[\\/]+)*(?:(?:etc|root|proc|sys|boot|dev|var|usr|bin|sbin|home|lib|opt|windows|\.ssh|\.aws)(?:[\\/]|$)|(?:\.env\b|id_rsa|credentials?\b|secrets?\b|passwd|shadow|private|passwords?\b))/i;

/** Names of files that open accounts. */
export const SECRET_FILE =
  /(?:^|\/)(?:shadow-?|gshadow-?|sudoers(?:\.d(?:\/.*)?)?|master\.passwd|opasswd|krb5\.keytab|\.netrc|\.pgpass|\.my\.cnf|\.git-credentials|\.npmrc|\.pypirc|\.dockercfg|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|.*\.pem|.*\.p12|.*\.pfx|.*\.kdbx|\.env(?:\.\w+)?|wallet\.dat|credentials\.json|secrets?\.ya?ml)$/i;

/** Folders that hold keys and credentials. */
export const SECRET_FOLDER = /(?:^|\/)(?:\.ssh|\.aws|\.gnupg|\.kube|\.azure|\.docker|\.config\/gcloud)(?:\/|$)/;

/** Files of the system that open accounts, or say who has them. */
export const SECRET_SYSTEM_FILE =
  /^\/(?:etc\/passwd-?|proc\/(?:\d+|self|\*)\/(?:environ|mem|maps)|proc\/k(?:core|msg|allsyms)|root(?:\/.*)?|var\/run\/secrets(?:\/.*)?|run\/secrets(?:\/.*)?|dev\/k?mem)$/;

/** Files whose text runs at the next login, boot or schedule. */
export const STARTUP_FILE =
  /(?:^|\/)(?:\.(?:bash|zsh|k?sh|csh)(?:rc|_profile|_login|_logout|env)?|\.profile|\.xinitrc|authorized_keys2?|crontab|rc\.local|ld\.so\.preload|sudoers)$/;

/** Folders of such files. */
export const STARTUP_FOLDER =
  /(?:^|\/)(?:cron\.(?:d|daily|hourly|weekly|monthly)|spool\/cron|init\.d|systemd\/(?:system|user)|\.ssh|autostart|LaunchAgents|LaunchDaemons|profile\.d|sudoers\.d|\.git\/hooks)(?:\/|$)/;

/** Records of what a shell or a database client was given, and of who logged in. */
export const HISTORY_FILE =
  /(?:^|\/)(?:\.(?:bash|zsh|sh|ksh|python|mysql|psql|sqlite|node_repl|rediscli)_history|\.lesshst|\.viminfo|wtmp|btmp|lastlog|utmp)$/;

/** Devices whose content is a disk or the memory. */
export const DEVICE = /^\/dev\/(?:sd|hd|vd|xvd|nvme|mmcblk|disk|loop|dm-|mapper\/|mem|kmem|port)/;

/** What a statement must not say in a dialect that does not parse here. */
export const DESTROYING_SQL =
  /\b(?:drop\s+(?:database|schema|table|user|view)|truncate\s|delete\s+from\s+[\w.`"[\]]+\s*(?:;|$)|grant\s+all|alter\s+user|into\s+(?:out|dump)file|load_file|attach\s+database|xp_cmdshell|shutdown)(?![a-z_])/i;

/** Calls of a database of documents that delete, or hand over rights. */
export const DESTROYING_DOCUMENT_CALL =
  /\b(?:dropDatabase|dropUser|dropAllUsers)\s*\(|\.drop\s*\(|\b(?:deleteMany|remove|updateMany)\s*\(\s*\{\s*\}|\b(?:createUser|grantRolesToUser|shutdownServer)\s*\(/;

/** Substitutions that print settings for the shell that runs them, and nothing else. */
export const SETUP_OUTPUT =
  /^(?:\$\(|`|<\()\s*(?:ssh-agent(?: -s)?|dircolors(?: -b)?|direnv hook \w+|direnv export \w+|[\w-]+ completion (?:-s )?\w+|[\w-]+ completion|(?:\S*\/)?brew shellenv|(?:py|rb|nod|j|go)env init(?: -)?(?: --path)?|(?:starship|zoxide) init \w+|opam (?:config )?env|minikube (?:-p \w+ )?docker-env|docker-machine env [\w-]+|resize|locale|fnm env)\s*(?:\)|`)$/;

/** What a line of program code calls that deletes, runs or connects. */
export const HARMFUL_CODE =
  /\b(?:os\.system|subprocess|popen|os\.(?:remove|rmdir|exec\w*|dup2|fork|environ)|socket\.(?:socket|create_connection|create_server|AF_)|\bsocket\s*\(|TCPSocket|IO::Socket|use Socket|pty\.spawn|child_process|execSync|spawnSync|rmSync|unlink|rmtree|fsockopen|shell_exec|passthru|(?:system|exec|eval|spawn)\s*[("'`]|__import__|require\(\s*["'](?:node:)?(?:net|dgram|tls)["']|\bfork\s+while|base64|\.(?:rm|rmdir)(?:Sync)?\s*\(|Invoke-Expression|\bIEX\b|DownloadString|Remove-Item)/i;

/** What a substitution inside a word puts out: files, the environment, who and where this is. */
export const OUTPUT_OF_COMMAND =
  /(?:\$\(\s*<|(?:\$\(|`)\s*(?:[\w./-]*\/)?(?:cat|env|printenv|set|history|whoami|id|hostname|uname|ls|find|tar|base64|head|tail|grep|awk|sed|xxd|od|getent|pg_dump|mysqldump|gzip|echo|printf)\b)/;

/** Options whose value is part of a request. */
export const REQUEST_OPTION =
  /^-(?:d|F|H|A|b|u)$|^--(?:data\S*|json|form|header|user-agent|cookie|post-data|body-data)$/;

/** Options of tar that run a program. */
export const TAR_RUNS =
  /\s--(?:checkpoint-action[= ]exec|to-command|info-script|new-volume-script|rsh-command)|(?:--use-compress-program|-I)[= ]\S*(?:sh|python|perl)\b/;

/** Options of rsync that run a shell. */
export const RSYNC_RUNS = /\s(?:-e|--rsh)[= ]?(?:\S*\/)?(?:ba|z|k|da)?sh\b|--rsync-path=\S*(?:sh\s+-c|;|\|)/;

/** Options of ssh that run a program; the usual proxies are left out. */
export const SSH_RUNS =
  /(?:ProxyCommand|LocalCommand|KnownHostsCommand)\s*[= ](?!\s*(?:none|ssh |nc |ncat |cloudflared |aws ssm |\/usr\/bin\/(?:nc|ssh) ))/i;

/** Settings of git that run a program. */
export const GIT_RUNS =
  /\s-c\s+(?:core\.(?:pager|editor|sshcommand|fsmonitor|hookspath|gitproxy|askpass)|alias\.\w+|diff\.external|credential\.helper|filter\.\S+|protocol\.ext\.allow|sequence\.editor|uploadpack\.\S+)=/i;

/** Programs whose output an awk program reads. */
export const AWK_READS =
  /["'\s/](?:rm|curl|wget|ncat?|sh|bash|python\d?|perl|base64|chmod|dd|mkfs\S*|id|whoami|ssh)["'\s]/;

/** What an awk program calls to run, connect or write. */
export const AWK_RUNS =
  /\bsystem\s*\(|\/inet[46]?\/(?:tcp|udp)\/|\|&|print[^;}]*\|\s*"(?:\S*\/)?(?:ba|z|da|k)?sh\b|>>?\s*"\/(?:etc|root|usr|boot)\//;

/** Options and words of PowerShell that run hidden or fetched code, or delete. */
export const POWERSHELL_RUNS =
  /\s-e(?:nc|ncodedcommand|c)?\s|\b(?:iex|invoke-expression|downloadstring|downloadfile|frombase64string|remove-item\b.*-recurse)\b/i;

/** Variables that name a program by convention. */
export const PROGRAM_VARIABLE =
  /^\$\{?(?:SHELL|EDITOR|PAGER|JAVA|PYTHON|CC|MAKE|0|1|@|\w*(?:cmd|command|prog|bin)\w*)\}?$/i;
