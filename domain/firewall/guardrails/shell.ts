import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { type FindingTemplate, findingOf } from '../finding.ts';
import type { Guardrail, GuardrailContext } from '../guardrail.ts';
import { allowListOf } from '../hosts/allow-list.ts';
import { urlsInText } from '../hosts/url.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import type { ShellNode, ShellParser } from '../parsing/parsers.ts';
import type { Place } from '../parsing/path.ts';
import { plainText } from '../parsing/plain-payload.ts';
import { splitCommands } from '../shell/argv.ts';
import { runsDownload } from '../shell/download-and-run.ts';
import { isGrave } from '../shell/files.ts';
import { DELETES, HIDES, RUNS_INPUT, SENDS_FILE, SYSTEM_WRITE, template } from '../shell/findings.ts';
import { interpreted, nested } from '../shell/interpreters.ts';
import { lenientReadings } from '../shell/lenient-parse.ts';
import { isDump, isNetwork, sendsInput } from '../shell/network.ts';
import { loadsOther } from '../shell/options.ts';
import { assignsOutside, isBelow, isOutside } from '../shell/path-limit.ts';
import { PROGRAM_VARIABLE } from '../shell/patterns.ts';
import { commandNames, echoedInput } from '../shell/pipeline-input.ts';
import { judgeCommand } from '../shell/rules.ts';
import { readScript, type ShellCommand, type ShellScript, type ShellWord } from '../shell/script.ts';
import { commandName, hasPlainName, located } from '../shell/tokenizer.ts';
import { COMMAND_KEYS, COMMAND_WORDS, INPUT_SENDERS, SCRIPT_KEYS, SURE_COMMAND_KEYS } from '../shell/words.ts';
import { unwrapped } from '../shell/wrappers.ts';
import { hasControl, visible } from '../text/confusables.ts';
import { keyWords } from '../text/key-words.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';

type ShellRule = RuleOf<'shell'>;

const SHELL_KEY = keyWords(COMMAND_KEYS);
const SCRIPT_WORDS = keyWords([...SCRIPT_KEYS].map((key) => key.replace(/_.*/, '')));
const SURE_KEY = keyWords(SURE_COMMAND_KEYS);
/** Longer or more deeply nested than any command that a person can judge. */
const MAX_TEXT = 20_000;
const MAX_OPENINGS = 400;
const MAX_SCRIPTS = 20;

/** Commands that destroy, hand over or hide, read on a syntax tree after assignments and quotes are resolved. */
const shellOf = (rule: ShellRule): Guardrail => ({
  id: 'shell',
  check(action, context) {
    const findings = new Map<string, Finding>();
    for (const { text, pointer, sure, controls } of commandsOf(action)) {
      const add = (found: FindingTemplate): void => {
        const key = `${found.id} ${pointer}`;
        if (!findings.has(key)) findings.set(key, findingOf(found, pointer, text));
      };
      if (controls) add(CONTROLS);
      const parser = context.parsers.shell;
      if (!parser) {
        // A text that only its key calls a command may be for another kind of machine.
        if (sure)
          add(
            template(
              'unparsed',
              'high',
              'No shell parser is loaded, so this command was not read. It counts as dangerous.',
            ),
          );
      } else if (text.length > MAX_TEXT || openingsIn(text) > MAX_OPENINGS)
        add(
          template('unparsed', 'high', 'This command is longer or more nested than is read. It counts as dangerous.'),
        );
      else judgeScripts(text, parser, rule, context, sure, add);
    }
    for (const finding of pathFindings(action, rule)) findings.set(`${finding.id} ${finding.pointer}`, finding);
    return [...findings.values()];
  },
});

const UNLISTED_PATH = template('unlisted_path', 'medium', 'This path is not inside a folder that the policy lists.');

const isWorkingFolder = ({ last }: Place): boolean =>
  /^(?:cwd|workdir|(?:work|working|current)_(?:dir|directory|folder))$/.test(last.join('_'));

/** Arguments that the policy declares as paths, and the working folder of a command: each must be inside a listed folder, whatever its spelling. */
function pathFindings(action: ParsedAction, { allowed_paths }: ShellRule): Finding[] {
  if (allowed_paths === undefined) return [];
  const runs = commandsOf(action).length > 0;
  return action.leaves
    .filter((leaf) => {
      const { kind, value, pointer } = leaf;
      if (kind !== 'value' || value === null) return false;
      if (action.roleAt(pointer) !== 'path' && !(runs && isWorkingFolder(leaf))) return false;
      return !isInside(String(value), allowed_paths);
    })
    .map(({ pointer, value }) => findingOf(UNLISTED_PATH, pointer, String(value)));
}

/** As sent and as a program opens it; what starts at no root, or holds a variable, may be anywhere. */
const isInside = (sent: string, folders: readonly string[]): boolean =>
  !/[$~`]/.test(sent) &&
  [sent.trim(), plainText(sent).trim()].every(
    (path) => !/(?:^|[\\/])\.\.(?:[\\/]|$)/.test(plainText(path)) && isBelow(path, folders),
  );

export const shell: GuardrailDefinition<'shell'> = {
  kind: 'shell',
  builtIn: true,
  loosens: {
    allowed_commands: 'only',
    // Folders that excuse a command and limit the arguments of role `path`.
    allowed_paths: 'any_change',
    deny_network: ['on_is_stricter', false],
  },
  historyWindow: noHistory,
  create: shellOf,
};

const CONTROLS: FindingTemplate = template(
  'unparsed',
  'high',
  'A control character in this command ends or changes it for some programs, so what runs is not known. It counts as dangerous.',
);
const LOADS: FindingTemplate = template(
  'loads_code',
  'high',
  'A variable set here makes the next program load or run something else.',
);
const HIDDEN: FindingTemplate = template(
  'hidden_command',
  'high',
  'The name of this command is written so that it cannot be read.',
);

interface CommandText {
  text: string;
  pointer: string;
  sure: boolean;
  /** Whether the text as sent holds control characters; `text` does not. */
  controls: boolean;
}

/** The commands of an action: those in one text come before those joined from several. */
function commandsOf(action: ParsedAction): CommandText[] {
  const named = [...action.words.action, ...action.words.service].some((word) => COMMAND_WORDS.has(word));
  const found: CommandText[] = [];
  const add = (written: string, pointer: string, sure: boolean): void => {
    found.push({ text: visible(written), pointer, sure, controls: hasControl(written) });
  };
  for (const value of action.values) {
    if (value.type !== 'principal_change' || typeof value.value !== 'string' || value.value.length < 2) continue;
    const { place } = value;
    const sure = sureness(action, place, named);
    if (sure !== undefined) add(value.value, place.pointer, sure);
  }
  for (const { text, pointer } of splitCommands(action)) {
    const role = action.roleAt(pointer);
    if (role === undefined || role === 'command') add(text, pointer, false);
  }
  return found;
}

const openingsIn = (text: string): number => text.match(/[({`;&|\n]|<</g)?.length ?? 0;

/** Whether a text is a command: true when the names say so, false when only its key does, undefined when nothing does. */
function sureness(action: ParsedAction, place: Place, named: boolean): boolean | undefined {
  const role = action.roleAt(place.pointer);
  if (role !== undefined) return role === 'command' ? true : undefined;
  // A member of an object that is sent as JSON in a text is still that member.
  if (!place.via.every((form) => form === 'json' || form === 'hidden')) return undefined;
  if ((place.sets & SURE_KEY) !== 0 || ((place.sets & SCRIPT_WORDS) !== 0 && SCRIPT_KEYS.has(place.last.join('_'))))
    return named;
  return named && (place.sets & SHELL_KEY) !== 0 ? true : undefined;
}

function judgeScripts(
  text: string,
  parser: ShellParser,
  rule: ShellRule,
  context: GuardrailContext,
  sure: boolean,
  add: (found: FindingTemplate) => void,
): void {
  const scripts = [text];
  const allowed = allowListOf(context.allowed_domains);
  for (let count = 0; scripts.length > 0; count += 1) {
    if (count >= MAX_SCRIPTS) {
      add(template('unparsed', 'high', 'Commands within commands go deeper than is read. They count as dangerous.'));
      return;
    }
    const source = scripts.pop() ?? '';
    let script: ShellScript;
    try {
      const root = parser.parse(source);
      if (isBroken(root)) {
        const readings = lenientReadings(source).filter((one, at) => at === 0 || !isBroken(parser.parse(one)));
        if (readings[0] !== undefined && !isBroken(parser.parse(readings[0]))) {
          scripts.push(...readings);
          continue;
        }
        if (sure)
          add(
            template(
              'unparsed',
              'medium',
              'This command does not parse, so what it does is not known. It counts as dangerous.',
            ),
          );
        else continue;
      }
      script = readScript(root, parser);
    } catch {
      if (sure)
        add(
          template(
            'unparsed',
            'high',
            'This command does not parse, so what it does is not known. It counts as dangerous.',
          ),
        );
      continue;
    }
    if (!script.complete)
      add(template('unparsed', 'high', 'This command has more parts than are read. It counts as dangerous.'));
    if (script.bombs.length > 0 || /:\s*\(\s*\)\s*\{/.test(source))
      add(template('stops_system', 'high', 'This function starts itself over and over.'));
    if (
      script.assigned.some(
        ({ name, value }) => /^HIST(?:FILE|SIZE|FILESIZE)$/.test(name) && /^(?:|0|\/dev\/null)$/.test(value.text),
      )
    ) {
      add(HIDES);
    }
    if (script.assigned.some(({ name, value }) => loadsOther(name, value.text))) add(LOADS);
    if (rule.allowed_paths && assignsOutside(script, rule.allowed_paths)) add(UNLISTED_PATH);
    if (runsDownload(script.commands, allowed.host)) add(RUNS_INPUT);
    const separators = script.assigned.flatMap(({ name, value }) => (name === 'IFS' ? [...value.text] : []));
    for (const command of script.commands) {
      if (separators.some((one) => command.words[0]?.text.includes(one))) add(HIDDEN);
      if (command.input === undefined) command.input = echoedInput(command.fedBy);
      scripts.push(...judgeOne(command, allowed.host, rule, context.parsers.sql, add));
    }
  }
}

const isBroken = (root: ShellNode): boolean => (root.errors?.length ?? 0) > 0;

/** Judges one command and returns the scripts that it carries. */
function judgeOne(
  command: ShellCommand,
  allowedHost: (host: string) => boolean,
  rule: ShellRule,
  sql: ((text: string) => unknown) | undefined,
  add: (found: FindingTemplate) => void,
): string[] {
  const { words: written, wrapped } = unwrapped(command.words);
  const words = located(written);
  const set = command.words
    .slice(0, command.words.length - words.length)
    .map((word) => /^(\w+)=([\s\S]*)$/.exec(word.text));
  if (set.some((one) => one && loadsOther(one[1] ?? '', one[2] ?? ''))) add(LOADS);
  const first = words[0];
  if (rule.allowed_paths && isOutside(command, first, rule.allowed_paths)) add(UNLISTED_PATH);
  if (!first) {
    for (const found of judgeCommand([{ text: '', open: false, trick: false, glob: false }], command)) add(found);
    return [];
  }
  if (
    first.trick ||
    first.glob ||
    (first.open && !hasPlainName(first) && words.length > 1 && !PROGRAM_VARIABLE.test(first.text)) ||
    (!hasPlainName(first) && /[{}]/.test(first.text.replace(/^\{\}$|^\$\{\w+\}$/, '')))
  ) {
    add(HIDDEN);
  }
  const name = commandName(first);
  if (rule.allowed_commands && !rule.allowed_commands.includes(name))
    add(template('unlisted_command', 'medium', 'The policy does not list this command.'));
  if (rule.deny_network && isNetwork(name))
    add(template('network', 'medium', 'This command opens a connection, which the policy does not allow.'));
  const reached = urlsInText(words.map((word) => word.text).join(' '));
  const own = reached.length > 0 && reached.every((url) => url.host !== '' && allowedHost(url.host));
  for (const found of judgeCommand(words, command, sql)) {
    if (found === SENDS_FILE && own) continue;
    if (
      rule.allowed_paths &&
      (found === DELETES || found === SYSTEM_WRITE) &&
      inside(words, command, rule.allowed_paths)
    )
      continue;
    add(found);
  }
  if (wrapped === 'xargs' && isGrave(name, words))
    add(template('bulk_change', 'high', 'This command runs a destructive command on everything it is fed.'));
  const feeders = command.fedBy.flatMap((node) => commandNames(node));
  if (!own && INPUT_SENDERS.has(name) && sendsInput(name, words) && feeders.some(isDump)) {
    add(SENDS_FILE);
  }
  return [...interpreted(name, words, command, feeders, add), ...nested(name, words)];
}

function inside(words: readonly ShellWord[], command: ShellCommand, folders: readonly string[]): boolean {
  const paths = [...words.slice(1).filter((word) => !word.text.startsWith('-')), ...command.writes];
  return paths.every((word) => !word.open && !word.text.includes('..') && isBelow(word.text, folders));
}
