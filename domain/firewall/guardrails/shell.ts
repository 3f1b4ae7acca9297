import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { allowListOf } from '../allowed.ts';
import { evidenceOf } from '../finding.ts';
import type { Guardrail, GuardrailContext, JudgedAction } from '../guardrail.ts';
import type { ShellParser } from '../parsers.ts';
import { INTERPRETERS, isDump, isGrave, isNetwork, isShell, judgeCommand, type ShellSaid } from '../shell-rules.ts';
import { readScript, type ShellCommand, type ShellScript, type ShellWord, wordsFrom } from '../shell-script.ts';
import { visible } from '../skeleton.ts';
import type { Place } from '../typed-values.ts';
import { urlsInText } from '../url.ts';

type ShellRule = Omit<RuleOf<'shell'>, 'kind'>;

const SHELL_KEYS = new Set([
  'command',
  'commands',
  'cmd',
  'script',
  'shell',
  'bash',
  'sh',
  'args',
  'argv',
  'code',
  'input',
  'line',
  'exec',
  'run',
]);
const SURE_KEYS = new Set(['command', 'commands', 'cmd', 'shell', 'bash', 'sh']);
const SHELL_WORDS = new Set([
  'shell',
  'bash',
  'sh',
  'terminal',
  'console',
  'exec',
  'execute',
  'ssh',
  'cli',
  'command',
  'cmd',
  'subprocess',
  'zsh',
  'powershell',
  'run',
]);
/** Longer or more deeply nested than any command that a person could still judge. */
const MAX_TEXT = 20_000;
const MAX_OPENINGS = 400;
const MAX_SCRIPTS = 20;

/** Commands that destroy, hand over or hide, read on a syntax tree after assignments and quotes are resolved. */
export const shellOf = (rule: ShellRule = {}): Guardrail => ({
  id: 'shell',
  check(action, context) {
    const findings = new Map<string, Finding>();
    const named = [...action.words.action, ...action.words.service].some((word) => SHELL_WORDS.has(word));
    for (const value of action.values) {
      if (value.type !== 'principal_change' || typeof value.value !== 'string' || value.value.length < 2) continue;
      const sure = sureness(action, value.place, named);
      if (sure === undefined) continue;
      const text = visible(value.value);
      const add = ([id, severity, message]: ShellSaid): void => {
        const key = `${id} ${value.place.pointer}`;
        if (!findings.has(key))
          findings.set(key, {
            id: `shell/${id}`,
            severity,
            pointer: value.place.pointer,
            evidence: evidenceOf(text),
            message,
          });
      };
      const parser = context.parsers.shell;
      if (!parser) {
        // A command of another kind of machine is judged by whoever knows it.
        if (sure)
          add(['unparsed', 'high', 'No shell parser is loaded, so this command was not read. It counts as dangerous.']);
      } else if (text.length > MAX_TEXT || openingsIn(text) > MAX_OPENINGS)
        add(['unparsed', 'high', 'This command is longer or more nested than is read. It counts as dangerous.']);
      else judgeScripts(text, parser, rule, context, sure, add);
    }
    return [...findings.values()];
  },
});

export const shell = shellOf();

const openingsIn = (text: string): number => text.match(/[({`;&|\n]|<</g)?.length ?? 0;

/** Whether a text is a command: true when the names say so, false when only its key does, undefined when nothing does. */
function sureness(action: JudgedAction, place: Place, named: boolean): boolean | undefined {
  const role = action.roleAt(place.pointer);
  if (role !== undefined) return role === 'command' ? true : undefined;
  if (place.via.length > 0) return undefined;
  const key = place.words.at(-1) ?? [];
  if (key.length > 0 && key.some((word) => SURE_KEYS.has(word))) return named;
  return named && key.some((word) => SHELL_KEYS.has(word)) ? true : undefined;
}

function judgeScripts(
  text: string,
  parser: ShellParser,
  rule: ShellRule,
  context: GuardrailContext,
  sure: boolean,
  add: (said: ShellSaid) => void,
): void {
  const scripts = [text];
  const allowed = allowListOf(context.allowed_domains);
  for (let count = 0; scripts.length > 0; count += 1) {
    if (count >= MAX_SCRIPTS) {
      add(['unparsed', 'high', 'Commands within commands go deeper than is read. They count as dangerous.']);
      return;
    }
    const source = scripts.pop() ?? '';
    let script: ShellScript;
    try {
      const root = parser.parse(source);
      if (root.errors && root.errors.length > 0) {
        if (sure)
          add([
            'unparsed',
            'medium',
            'This command does not parse, so what it does is not known. It counts as dangerous.',
          ]);
        else continue;
      }
      script = readScript(root, parser);
    } catch {
      if (sure)
        add(['unparsed', 'high', 'This command does not parse, so what it does is not known. It counts as dangerous.']);
      continue;
    }
    if (!script.complete)
      add(['unparsed', 'high', 'This command has more parts than are read. It counts as dangerous.']);
    if (script.bombs.length > 0 || /:\s*\(\s*\)\s*\{/.test(source))
      add(['stops_system', 'high', 'This function starts itself over and over.']);
    if (
      script.assigned.some(
        ({ name, value }) => /^HIST(?:FILE|SIZE|FILESIZE)$/.test(name) && /^(?:|0|\/dev\/null)$/.test(value.text),
      )
    ) {
      add(['covers_tracks', 'high', 'This command switches off a record or a protection.']);
    }
    for (const command of script.commands) scripts.push(...judgeOne(command, allowed.host, rule, add));
  }
}

const WRAPPERS = new Set(
  'sudo doas env nohup time nice ionice exec command builtin busybox timeout stdbuf setsid chroot xargs parallel watch unbuffer strace ltrace flock proxychains proxychains4 torsocks'.split(
    ' ',
  ),
);
const nameOf = (word: ShellWord | undefined): string => (word?.text ?? '').replace(/^\\/, '').replace(/^.*\//, '');

/** Judges one command; answers the scripts that it carries. */
function judgeOne(
  command: ShellCommand,
  allowedHost: (host: string) => boolean,
  rule: ShellRule,
  add: (said: ShellSaid) => void,
): string[] {
  const { words, wrapped } = unwrapped(command.words);
  const first = words[0];
  if (!first) {
    for (const said of judgeCommand([{ text: '', open: false, trick: false, glob: false }], command)) add(said);
    return [];
  }
  if (
    first.trick ||
    first.glob ||
    (first.open &&
      words.length > 1 &&
      !/^\$\{?(?:SHELL|EDITOR|PAGER|JAVA|PYTHON|CC|MAKE|0|1|@|\w*(?:cmd|command|prog|bin)\w*)\}?$/i.test(first.text)) ||
    /[{}]/.test(first.text.replace(/^\{\}$|^\$\{\w+\}$/, ''))
  ) {
    add(['hidden_command', 'high', 'The name of this command is spelt so that it cannot be read as it stands.']);
  }
  const name = nameOf(first);
  if (rule.allowed_commands && !rule.allowed_commands.includes(name))
    add(['unlisted_command', 'medium', 'The policy does not list this command.']);
  if (rule.deny_network && isNetwork(name))
    add(['network', 'medium', 'This command opens a connection, which the policy does not let it.']);
  const reached = urlsInText(words.map((word) => word.text).join(' '));
  const own = reached.length > 0 && reached.every((url) => url.host !== '' && allowedHost(url.host));
  for (const said of judgeCommand(words, command)) {
    if (said[0] === 'sends_file' && own) continue;
    if (
      rule.allowed_paths &&
      (said[0] === 'destructive' || said[0] === 'system_write') &&
      inside(words, command, rule.allowed_paths)
    )
      continue;
    add(said);
  }
  if (wrapped === 'xargs' && isGrave(name, words))
    add(['bulk_change', 'high', 'This command runs a destructive command on everything it is fed.']);
  const feeders = command.fedBy.flatMap((node) => commandNames(node));
  if (
    isNetwork(name) &&
    !own &&
    /^(?:nc|ncat|netcat|curl|wget|ssh|telnet|socat|ftp|mail|mailx|sendmail|mutt|openssl|http)$/.test(name) &&
    sendsInput(name, words) &&
    feeders.some(isDump)
  ) {
    add(['sends_file', 'high', 'This command sends a local file or its input to another machine.']);
  }
  return [...interpreted(name, words, command, feeders, add), ...nested(name, words)];
}

const sendsInput = (name: string, words: readonly ShellWord[]): boolean =>
  name === 'curl'
    ? words.some((word) => /^@-$|^-T$|=@-$|^-$|^@\/dev\/stdin$/.test(word.text))
    : name === 'wget'
      ? words.some((word) => /^--(?:post|body)-file/.test(word.text))
      : name !== 'openssl' || words.some((word) => word.text === 's_client');

function inside(words: readonly ShellWord[], command: ShellCommand, folders: readonly string[]): boolean {
  const paths = [...words.slice(1).filter((word) => !word.text.startsWith('-')), ...command.writes];
  return paths.every(
    (word) =>
      !word.open &&
      !word.text.includes('..') &&
      folders.some(
        (folder) => word.text === folder || word.text.startsWith(folder.endsWith('/') ? folder : `${folder}/`),
      ),
  );
}

/** Takes off what only runs another command. */
function unwrapped(words: readonly ShellWord[]): { words: readonly ShellWord[]; wrapped: string | undefined } {
  let rest = words;
  let wrapped: string | undefined;
  for (let depth = 0; depth < 8 && WRAPPERS.has(nameOf(rest[0])); depth += 1) {
    const wrapper = nameOf(rest[0]);
    let at = 1;
    while (at < rest.length) {
      const text = rest[at]?.text ?? '';
      if (wrapper === 'env' && /^\w+=/.test(text)) at += 1;
      else if (/^-/.test(text)) at += TAKES_VALUE[wrapper]?.test(text) ? 2 : 1;
      else if (wrapper === 'timeout' && at === 1) at += 1;
      else if ((wrapper === 'chroot' || wrapper === 'flock') && at === 1) at += 1;
      else break;
    }
    if (at >= rest.length) return { words: rest, wrapped };
    wrapped = wrapper === 'parallel' ? 'xargs' : wrapper;
    rest = rest.slice(at);
  }
  return { words: rest, wrapped };
}
const TAKES_VALUE: Record<string, RegExp> = {
  sudo: /^-[ugpChTrtD]$/,
  doas: /^-[uC]$/,
  env: /^-[uCS]$/,
  nice: /^-n$/,
  ionice: /^-[cnp]$/,
  timeout: /^-[sk]$/,
  xargs: /^-[nPsLIEda]$/,
  parallel: /^-[jnI]$/,
  watch: /^-n$/,
  stdbuf: /^-[ioe]$/,
  strace: /^-[eop]$/,
  exec: /^-a$/,
};

function commandNames(node: { type: string; name?: unknown; suffix?: unknown }): string[] {
  if (node.type !== 'Command') return [node.type];
  const word = (node as { name?: Parameters<typeof wordsFrom>[0] }).name;
  if (!word) return [];
  const name = nameOf(wordsFrom(word, new Map())[0]);
  return [name];
}

/** What is run as a program although it was fetched, decoded or fed. */
function interpreted(
  name: string,
  words: readonly ShellWord[],
  command: ShellCommand,
  feeders: readonly string[],
  add: (said: ShellSaid) => void,
): string[] {
  const fed: ShellSaid = ['runs_input', 'high', 'This runs as a program what it was fed, fetched or decoded.'];
  const script = words.slice(1).find((word) => !word.text.startsWith('-'));
  const inline = words.findIndex((word) => /^-\w*[ce]$/.test(word.text) || word.text === '-r');
  if (name === 'eval' || name === 'source' || name === '.') {
    const dynamic = words.slice(1).some((word) => word.open) && command.substituted;
    if (dynamic) add(fed);
    return name === 'eval' && !dynamic
      ? [
          words
            .slice(1)
            .map((word) => word.text)
            .join(' '),
        ]
      : [];
  }
  if (!INTERPRETERS.has(name) || name === 'busybox') return [];
  if (feeders.length > 0 && (script === undefined || script.text === '/dev/stdin') && inline < 0) add(fed);
  if (
    command.substituted &&
    (isShell(name) || script?.open) &&
    inlineOrFirst(words, inline).some((word) => word.open && /[$<]\(|`/.test(word.text))
  )
    add(fed);
  if (command.input !== undefined && script === undefined && isShell(name)) return [command.input];
  if (inline > 0) {
    const code = words[inline + 1]?.text ?? '';
    if (isShell(name)) return [code];
    if (CODE.test(code)) add(['runs_code', 'high', 'A line of program code here deletes, runs or connects.']);
  }
  if (command.input !== undefined && CODE.test(command.input))
    add(['runs_code', 'high', 'Program code here deletes, runs or connects.']);
  return [];
}

/** The words that an interpreter runs: its inline code, or else its first operand. */
const inlineOrFirst = (words: readonly ShellWord[], inline: number): readonly ShellWord[] => {
  if (inline > 0) return words.slice(inline + 1, inline + 2);
  return words
    .slice(1)
    .filter((word) => !word.text.startsWith('-'))
    .slice(0, 1);
};

const CODE =
  /\b(?:os\.system|subprocess|popen|shutil\.rmtree|os\.(?:remove|unlink|rmdir|exec\w*|dup2|fork|environ)|socket|pty\.spawn|child_process|execSync|spawnSync|unlinkSync|rmSync|unlink|rmtree|fsockopen|shell_exec|passthru|system\s*\(|exec\s*\(|eval\s*\(|__import__|base64)/i;

/** Scripts that a command carries to run elsewhere or on what it finds. */
function nested(name: string, words: readonly ShellWord[]): string[] {
  if (name === 'ssh') {
    const operands = words.slice(1).filter((word) => !word.text.startsWith('-'));
    return operands.length > 1
      ? [
          operands
            .slice(1)
            .map((word) => word.text)
            .join(' '),
        ]
      : [];
  }
  if (name === 'su' || name === 'runuser' || name === 'script') {
    const at = words.findIndex((word) => word.text === '-c' || word.text === '--command');
    return at > 0 && words[at + 1] ? [words[at + 1]?.text ?? ''] : [];
  }
  if (name === 'docker' || name === 'kubectl' || name === 'podman') {
    const at = words.findIndex((word) => word.text === '-c');
    return at > 0 && words[at + 1] && words.some((word) => isShell(nameOf(word))) ? [words[at + 1]?.text ?? ''] : [];
  }
  return [];
}
