import type { FindingTemplate } from '../finding.ts';
import { anyOf } from '../text/word-list.ts';
import { DELETES, HIDES, RIGHTS, template } from './findings.ts';
import type { ShellWord } from './script.ts';
import { short } from './tokenizer.ts';
import { HISTORY_VARIABLES, RECORDING_SERVICES } from './words.ts';

const STOPPED_SERVICE = new RegExp(`\\b(?:${anyOf(RECORDING_SERVICES)}|clamav\\S*)\\b`);
const STOPS = template('stops_system', 'high', 'This command stops the machine or everything on it.');

/** Commands that stop the machine, disable its logs and protections, or rewrite a shared history. */
export function judgeControl(name: string, words: readonly ShellWord[]): FindingTemplate | undefined {
  const all = words.map((word) => word.text);
  const line = all.join(' ');
  switch (name) {
    case 'kill':
    case 'pkill':
    case 'killall':
    case 'killall5':
      return name === 'killall5' ||
        (name === 'kill' &&
          ((/\s-1$/.test(line) && all.length > 2) || (/\s1$/.test(line) && !/\s-(?:0|l|HUP|1)\b/.test(line)))) ||
        (name === 'kill' && /(?:\$\(|`)[^)`]*\b(?:systemd|sshd|init)\b/.test(line)) ||
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
      return all.some((word) => HISTORY_VARIABLES.has(word)) ? HIDES : undefined;
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
      return /(?:^|\s)(?:-F|--flush|-X|flush ruleset|-P \w+ ACCEPT|-[AI] INPUT(?: \d+)? -j ACCEPT)\b/.test(line)
        ? HIDES
        : undefined;
    case 'systemctl':
      if (/\b(?:poweroff|reboot|halt|kexec|rescue|emergency|isolate)\b/.test(line)) return STOPS;
      return stopsRecords(line) ? HIDES : undefined;
    case 'service':
    case 'chkconfig':
      return stopsRecords(line) ? HIDES : undefined;
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
        return template('rewrites_history', 'high', 'This rewrites a shared history.');
      if (/\bbranch\b.*\s(?:-D|--delete\s+--force)\s+(?:main|master|prod\w*|release\S*|develop)\b/.test(line))
        return DELETES;
      if (/\bstash\s+clear\b|\bupdate-ref\s+-d\b/.test(line)) return DELETES;
      return /\b(?:filter-branch|filter-repo)\b|\breflog\s+expire\b/.test(line) ? DELETES : undefined;
    }
    case 'sysctl':
      return /\s-w\b|=/.test(line) ? RIGHTS : undefined;
    default:
      return undefined;
  }
}

/** Whether a logging or security service is stopped. */
const stopsRecords = (line: string): boolean =>
  /\b(?:stop|disable|mask|off)\b/.test(line) && STOPPED_SERVICE.test(line);
