import type { FindingTemplate } from '../finding.ts';
import { RUNS_OPTION } from './findings.ts';
import { AWK_READS, AWK_RUNS, GIT_RUNS, RSYNC_RUNS, SSH_RUNS, TAR_RUNS } from './patterns.ts';
import type { ShellWord } from './script.ts';
import { LOADING_VARIABLES } from './words.ts';

type Rule = (line: string, all: readonly string[]) => boolean;

/** Common tools that start a program named by one of their options or in their own language. */
const RUNS: Record<string, Rule> = {
  tar: (line) => TAR_RUNS.test(line),
  zip: (line) => /\s(?:-TT|--unzip-command)\b/.test(line),
  rsync: (line) => RSYNC_RUNS.test(line),
  ssh: (line) => SSH_RUNS.test(line),
  vim: (line) => VIM.test(line),
  vi: (line) => VIM.test(line),
  nvim: (line) => VIM.test(line),
  view: (line) => VIM.test(line),
  less: (line) => /\s\+!/.test(line),
  more: (line) => /\s\+!/.test(line),
  man: (line) => /\s(?:-P|--pager|-H)[= ]?\S*(?:sh|python|perl)\b/.test(line),
  sed: (_, all) =>
    all
      .slice(1)
      .some((word) => word.length < 1_000 && /^(?:\d+|\$)?e\s|^s(.).*\1.*\1[gpim0-9]*e[gpim0-9]*$/.test(word)),
  awk: (_, all) => all.slice(1).some(runsInAwk),
  gawk: (_, all) => all.slice(1).some(runsInAwk),
  mawk: (_, all) => all.slice(1).some(runsInAwk),
  nawk: (_, all) => all.slice(1).some(runsInAwk),
  git: (line) =>
    GIT_RUNS.test(line) ||
    /\sconfig\s(?:.*\s)?(?:core\.(?:pager|sshcommand|fsmonitor|hookspath|gitproxy)|alias\.\S+\s+['"]?!)/i.test(line) ||
    /\sext::|--upload-pack[= ]|--receive-pack[= ]|--exec[= ]/.test(line),
  env: (line) => /\s-S\s|\s--split-string/.test(line),
  gdb: (line) => /\s(?:-ex|--eval-command)[= ]?\S*\s*(?:!|shell\b|call\b|python\b)/.test(line),
  nmap: (line) => /\s--(?:interactive|script[= ]\S*\/)/.test(line),
  pip: (line) => FOREIGN_PACKAGES.test(line),
  pip3: (line) => FOREIGN_PACKAGES.test(line),
  uv: (line) => FOREIGN_PACKAGES.test(line),
  npm: (line) => FOREIGN_REGISTRY.test(line),
  yarn: (line) => FOREIGN_REGISTRY.test(line),
  pnpm: (line) => FOREIGN_REGISTRY.test(line),
};

const VIM = /\s(?:-c|--cmd|\+)\s*['"]?:?\s*(?:!|py3?\b|lua\b|perl\b|ruby\b|call\s+system)/;
/** `system()`, a pipe to or from a quoted command, a network file, a write into the system. */
const runsInAwk = (program: string): boolean =>
  (/\|\s*getline/.test(program) && AWK_READS.test(program)) || AWK_RUNS.test(program);
/** A command that names another package source runs code from it; the usual source is configured once. */
const FOREIGN_PACKAGES =
  /\s(?:-i|--index-url|--extra-index-url|-f|--find-links)[= ]\s*['"]?https?:\/\/(?!(?:[\w-]+\.)*pytorch\.org(?:[/:]|$))|\s--trusted-host\b/;
const FOREIGN_REGISTRY =
  /\s(?:--)?registry[= ]\s*['"]?https?:\/\/|\s(?:install|i|add)\s+(?:-{1,2}(?!-?registry)\S+\s+)*https?:\/\//;

/** Whether a command runs the text of one of its options. */
export function judgeOptions(name: string, words: readonly ShellWord[]): FindingTemplate | undefined {
  if (!Object.hasOwn(RUNS, name)) return undefined;
  const all = words.map((word) => word.text);
  return RUNS[name]?.(` ${all.slice(1).join(' ')}`, all) ? RUNS_OPTION : undefined;
}

/** World-writable folders. */
const SHARED = /(?:^|:)(?:\/tmp|\/var\/tmp|\/dev\/shm|\.)(?:\/|:|$)/;

/** Whether an assignment makes later commands load or run other code. */
export const loadsOther = (name: string, value: string): boolean =>
  (LOADING_VARIABLES.has(name) &&
    value !== '' &&
    !(name === 'ENV' && /^[\w-]+$/.test(value)) &&
    !(name === 'LD_LIBRARY_PATH' && !SHARED.test(value))) ||
  (name === 'PATH' && /^(?:\/tmp|\/var\/tmp|\/dev\/shm)(?:\/|:|$)/.test(value)) ||
  (name === 'NODE_OPTIONS' && /(?:--require|-r|--import|--loader)[= ]/.test(value));
