import type { FindingTemplate } from '../finding.ts';
import { DELETES, HIDES, PERSISTS, RIGHTS, RUNS_INPUT } from './findings.ts';
import { POWERSHELL_RUNS } from './patterns.ts';

/** Windows commands, which have their own flags and paths. */
export function judgeWindows(name: string, line: string): FindingTemplate | undefined {
  switch (name.toLowerCase().replace(/\.exe$/, '')) {
    case 'vssadmin':
    case 'wbadmin':
      return /\bdelete\b/i.test(line) ? DELETES : undefined;
    case 'cipher':
      return /\/w/i.test(line) ? DELETES : undefined;
    case 'reg':
      return /^\s*delete\b/i.test(line) ? DELETES : /^\s*add\b.*\\run(?:once)?\b/i.test(line) ? PERSISTS : undefined;
    case 'bcdedit':
      return /\/set\b/i.test(line) ? DELETES : undefined;
    case 'net':
    case 'net1':
      return /\b(?:user|localgroup|group)\b.*\/(?:add|delete|active)/i.test(line)
        ? RIGHTS
        : /\bstop\b/i.test(line)
          ? HIDES
          : undefined;
    case 'icacls':
    case 'cacls':
    case 'takeown':
      return /\/grant|\/reset|\/f\b/i.test(line) ? RIGHTS : undefined;
    case 'schtasks':
      return /\/create/i.test(line) ? PERSISTS : undefined;
    case 'sc':
      return /^\s*(?:create|config|delete|stop)\b/i.test(line) ? PERSISTS : undefined;
    case 'wmic':
      return /\b(?:delete|call\s+create)\b/i.test(line) ? DELETES : undefined;
    case 'certutil':
      return /-(?:urlcache|decode)\b/i.test(line) ? RUNS_INPUT : undefined;
    case 'bitsadmin':
      return /\/transfer\b/i.test(line) ? RUNS_INPUT : undefined;
    case 'mshta':
    case 'regsvr32':
    case 'rundll32':
      return /https?:|javascript:/i.test(line) ? RUNS_INPUT : undefined;
    case 'set-executionpolicy':
    case 'set-mppreference':
    case 'clear-eventlog':
      return HIDES;
    case 'invoke-expression':
    case 'iex':
      return RUNS_INPUT;
    case 'powershell':
    case 'pwsh':
      return POWERSHELL_RUNS.test(` ${line}`) ? RUNS_INPUT : undefined;
    default:
      return undefined;
  }
}
