import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { allowListOf } from '../allowed.ts';
import { evidenceOf } from '../finding.ts';
import type { Guardrail, GuardrailContext, JudgedAction } from '../guardrail.ts';
import { keyWords } from '../key-words.ts';
import type { ShellParser } from '../parsers.ts';
import type { Place } from '../path.ts';
import { isGrave } from '../shell-files.ts';
import { interpreted, nested } from '../shell-interpreters.ts';
import { isDump, isNetwork, sendsInput } from '../shell-network.ts';
import { judgeCommand } from '../shell-rules.ts';
import type { ShellSaid } from '../shell-said.ts';
import { readScript, type ShellCommand, type ShellScript, type ShellWord, wordsFrom } from '../shell-script.ts';
import { commandName } from '../shell-words.ts';
import { unwrapped } from '../shell-wrappers.ts';
import { visible } from '../skeleton.ts';
import { urlsInText } from '../url.ts';

type ShellRule = Omit<RuleOf<'shell'>, 'kind'>;

const SHELL_KEY = keyWords([
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
const SURE_KEY = keyWords(['command', 'commands', 'cmd', 'shell', 'bash', 'sh']);
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
  if ((place.sets & SURE_KEY) !== 0) return named;
  return named && (place.sets & SHELL_KEY) !== 0 ? true : undefined;
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
  const name = commandName(first);
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

function commandNames(node: { type: string; name?: unknown; suffix?: unknown }): string[] {
  if (node.type !== 'Command') return [node.type];
  const word = (node as { name?: Parameters<typeof wordsFrom>[0] }).name;
  if (!word) return [];
  const name = commandName(wordsFrom(word, new Map())[0]);
  return [name];
}
