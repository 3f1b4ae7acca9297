import { words } from '../text/word-list.ts';

/** Programs that run a text as a program. */
export const INTERPRETERS = words(
  'sh bash zsh dash ksh ash csh tcsh fish python python2 python3 perl ruby node nodejs php lua pwsh powershell osascript tclsh',
);

/** The ones that run shell scripts. */
export const SHELLS = words('sh bash zsh dash ksh ash csh tcsh fish');

/** Programs that only run another command. */
export const WRAPPERS = words(
  'sudo doas env nohup time nice ionice exec command builtin busybox timeout stdbuf setsid chroot xargs parallel watch unbuffer strace ltrace flock proxychains proxychains4 torsocks rlwrap',
);

/** Clients of databases that speak SQL. */
export const DATABASE_CLIENTS = words(
  'psql mysql mariadb sqlite3 sqlite sqlcmd clickhouse-client cockroach duckdb usql pgcli mycli',
);

/** Clients of databases of documents. */
export const DOCUMENT_CLIENTS = words('mongo mongosh');

/** Programs that change accounts and groups. */
export const ACCOUNT_TOOLS = words(
  'useradd userdel usermod adduser deluser groupadd groupdel groupmod gpasswd passwd chpasswd newusers chage visudo vipw vigr dscl',
);

/** Programs that open a connection. */
export const NETWORK_PROGRAMS = words(
  'curl wget nc ncat netcat socat ssh scp sftp rsync ftp tftp telnet lftp aria2c http https xh httpie openssl mail mailx sendmail mutt',
);

/** Programs whose output is data of this machine. */
export const DUMP_PROGRAMS = words(
  'env printenv set export declare history cat tar zip gzip find ls ps mysqldump pg_dump mongodump getent',
);

/** Programs that open access to this machine from outside. */
export const TUNNELS = words('chisel ngrok frpc frps bore localtunnel lt cloudflared gost ligolo pwncat tailscaled');

/** Programs that look up a name, which reveals it to the owner of its server. */
export const NAME_LOOK_UPS = words('dig nslookup host ping ping6 drill getent traceroute tracepath kdig doggo delv');

/** Commands that must not run on all files that a search finds. */
export const GRAVE_COMMANDS = words('rm rmdir unlink shred dd kill truncate curl wget nc scp ssh crontab');

/** Programs that print or open their file arguments. */
export const FILE_READERS = words(
  'cat less more head tail strings base64 tar zip grep awk sort uniq cut nl od rev paste tac bat vi vim nvim nano view diff cmp comm hexdump xxd split fold egrep rg jq gpg mapfile read',
);

/** Programs that format or partition a device. */
export const DEVICE_TOOLS = words(
  'mkfs mke2fs mkswap wipefs fdisk sfdisk gdisk sgdisk parted cfdisk blkdiscard hdparm cryptsetup lvremove vgremove pvremove zpool diskpart format',
);

/** Programs that run a file. */
export const FILE_RUNNERS = words(
  'sh bash zsh dash ksh ash source . python python2 python3 perl ruby node php lua dpkg rpm java',
);

/** Members that name a program. */
export const PROGRAM_KEYS = words('command cmd program executable exe binary');

/** Members that hold its arguments. */
export const ARGUMENT_KEYS = words('args argv arguments params parameters');

/** Members that hold a command as a list. */
export const VECTOR_KEYS = words('argv args command cmd exec entrypoint');

/** Programs that give an action its name; the payload contains their arguments. */
export const TOOLS = words(
  'kubectl oc helm terraform tofu terragrunt pulumi aws gcloud gsutil az docker podman git gh redis-cli vault rm bash sh psql mysql systemctl ssh',
);

/** Variables that make the next program load or run a file. */
export const LOADING_VARIABLES = words(
  'LD_PRELOAD LD_AUDIT LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES DYLD_LIBRARY_PATH BASH_ENV ENV PROMPT_COMMAND PERL5OPT PERL5LIB PYTHONSTARTUP RUBYOPT GIT_SSH GIT_SSH_COMMAND GIT_PROXY_COMMAND GIT_EXTERNAL_DIFF GIT_ASKPASS',
);

/** Variables that control the history of a shell. */
export const HISTORY_VARIABLES = words('HISTFILE HISTSIZE HISTCONTROL HISTIGNORE HISTFILESIZE');

/** Logging and security services. */
export const RECORDING_SERVICES = words(
  'auditd rsyslog syslog systemd-journald firewalld ufw fail2ban apparmor selinux falcon-sensor crowdsec iptables nftables sshd',
);

/** Words of keys whose value is a command when the action runs one. */
export const COMMAND_KEYS = words('command commands cmd script shell bash sh args argv code input line exec run');

/** Keys (words joined) whose text runs at a machine's start or a package's installation. */
export const SCRIPT_KEYS = words(
  'user_data userdata startup_script init_script cloud_init bootstrap bootstrap_script entrypoint run_cmd runcmd exec_start preinstall postinstall preinstall_script postinstall_script pre_install pre_install_script pre_build pre_build_script pre_start pre_start_script pre_deploy pre_deploy_script post_install post_install_script post_build post_build_script post_start post_start_script post_deploy post_deploy_script',
);

/** Words of keys whose value is a command in every action. */
export const SURE_COMMAND_KEYS = words('command commands cmd shell bash sh');

/** Words of actions that run a command. */
export const COMMAND_WORDS = words(
  'shell bash sh terminal console exec execute ssh cli command cmd subprocess zsh powershell run',
);

/** Programs that send their input. */
export const INPUT_SENDERS = words(
  'nc ncat netcat curl wget ssh telnet socat ftp mail mailx sendmail mutt openssl http',
);
