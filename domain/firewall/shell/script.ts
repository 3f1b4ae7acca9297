import type { ShellNode, ShellParser } from '../parsing/parsers.ts';

/** A word with resolved quotes, assignments and braces. `open` if a part is known only at run time. */
export interface ShellWord {
  text: string;
  open: boolean;
  /** The original spelling, if it only serves to disguise the word. */
  trick: boolean;
  glob: boolean;
}

/** One command with its input and output. */
export interface ShellCommand {
  words: ShellWord[];
  /** Targets of `>` and `>>`, and of `<`. */
  writes: ShellWord[];
  reads: ShellWord[];
  /** Commands before it in its pipeline. */
  fedBy: ShellNode[];
  /** Whether a here-document or here-string is its input, and the text of it. */
  input: string | undefined;
  /** Scripts inside `$(…)`, `<(…)` and backticks in its words. */
  substituted: boolean;
}

export interface ShellScript {
  commands: ShellCommand[];
  assigned: { name: string; value: ShellWord }[];
  /** Names of functions that call themselves through a pipe. */
  bombs: string[];
  complete: boolean;
}

interface Node extends ShellNode {
  commands?: readonly Node[];
  /** A word; for an assignment the name only. */
  name?: (ShellNode & { value?: unknown }) | undefined;
  prefix?: readonly Node[];
  suffix?: readonly Node[];
  parts?: readonly Node[];
  redirects?: readonly Node[];
  operator?: string;
  target?: ShellNode;
  body?: Node;
  parameter?: string;
  operation?: unknown;
  command?: Node;
}

const MAX_NODES = 20_000;

/** Splits a script, without recursion, into all its commands, with resolved words. */
export function readScript(root: ShellNode, parser: ShellParser): ShellScript {
  const script: ShellScript = { commands: [], assigned: [], bombs: [], complete: true };
  const known = new Map<string, ShellWord>();
  const found: { node: Node; fedBy: Node[]; outer: Node[] }[] = [];
  const stack: { node: Node; fedBy: Node[]; outer: Node[] }[] = [{ node: root as Node, fedBy: [], outer: [] }];
  for (let count = 0; stack.length > 0; count += 1) {
    if (count > MAX_NODES) {
      script.complete = false;
      break;
    }
    const { node, fedBy, outer } = stack.pop() as (typeof stack)[number];
    if (node.type === 'Command') found.push({ node, fedBy, outer });
    if (node.type === 'Assignment') assign(node, known, script);
    if (node.type === 'For') overWords(node, known);
    if (node.type === 'Function' && callsItself(node, parser)) script.bombs.push(String(node.name?.value ?? ''));
    const redirected = node.type === 'Redirected' ? [...outer, ...(node.redirects ?? [])] : outer;
    const children = parser.children(node) as Node[];
    const members = node.type === 'Pipeline' ? (node.commands ?? []) : [];
    for (const child of children.reverse()) {
      const at = members.indexOf(child);
      stack.push({ node: child, fedBy: at > 0 ? members.slice(0, at) : fedBy, outer: redirected });
    }
  }
  for (const { node, fedBy, outer } of found) script.commands.push(commandOf(node, fedBy, outer, known));
  return script;
}

function assign(node: Node, known: Map<string, ShellWord>, script: ShellScript): void {
  const name: unknown = node.name;
  const { value } = node;
  if (typeof name !== 'string' || typeof value !== 'object' || value === null) return;
  const word = wordsFrom(value as Node, known)[0] ?? { text: '', open: false, trick: false, glob: false };
  script.assigned.push({ name, value: word });
  const before = known.get(name);
  // Two values: which one applies is known only at run time.
  known.set(name, before && before.text !== word.text ? { ...word, open: true } : word);
}

/** A loop variable gets the value with the widest path, if there is one. */
function overWords(node: Node, known: Map<string, ShellWord>): void {
  const { name, wordlist } = node as { name?: { value?: unknown }; wordlist?: readonly Node[] };
  const words = (wordlist ?? []).flatMap((word) => wordsFrom(word, known));
  const widest = words.find((word) => !word.open && /^(?:\/|~|\/\*|~\/\*|\*)$/.test(word.text));
  if (widest && typeof name?.value === 'string') known.set(name.value, { ...widest, glob: false });
}

/** `f() { f | f & }`. */
function callsItself(node: Node, parser: ShellParser): boolean {
  const name = String(node.name?.value ?? '');
  const stack: Node[] = [node.body as Node];
  for (let count = 0; stack.length > 0 && count < 500; count += 1) {
    const one = stack.pop();
    if (!one) continue;
    if (
      one.type === 'Pipeline' &&
      (one.commands ?? []).length > 1 &&
      (one.commands ?? []).every((part) => part.name?.value === name)
    )
      return true;
    stack.push(...(parser.children(one) as Node[]));
  }
  return false;
}

function commandOf(node: Node, fedBy: Node[], outer: Node[], known: ReadonlyMap<string, ShellWord>): ShellCommand {
  const command: ShellCommand = { words: [], writes: [], reads: [], fedBy, input: undefined, substituted: false };
  const parts = [...(node.prefix ?? []), ...(node.name ? [node.name as Node] : []), ...(node.suffix ?? []), ...outer];
  for (const part of parts) {
    if (part.type === 'Word') {
      command.words.push(...wordsFrom(part, known));
      if (part.parts?.some(isSubstitution)) command.substituted = true;
    } else if (part.type === 'Assignment' && node.suffix?.includes(part)) {
      // `alias ls='rm'`: a word that looks like an assignment.
      const value =
        typeof part.value === 'object' && part.value !== null ? wordsFrom(part.value as Node, known)[0] : undefined;
      command.words.push({
        text: `${String(part.name)}=${value?.text ?? ''}`,
        open: value?.open ?? false,
        trick: false,
        glob: false,
      });
    } else if (part.type === 'Redirect' && part.target) {
      const words = wordsFrom(part.target as Node, known);
      (part.operator?.includes('<') && !part.operator.includes('>') ? command.reads : command.writes).push(...words);
    } else if (part.type === 'HereString' && part.target) {
      command.input = wordsFrom(part.target as Node, known)
        .map((word) => word.text)
        .join(' ');
    } else if (part.type === 'HereDoc') command.input = part.body?.text ?? '';
  }
  return command;
}

function isSubstitution(part: Node): boolean {
  return (
    part.type === 'CommandExpansion' ||
    part.type === 'ProcessSubstitution' ||
    (part.type === 'DoubleQuoted' && (part.parts ?? []).some(isSubstitution))
  );
}

/** The words that one written word expands to: several if a brace or `${IFS}` splits it. */
export function wordsFrom(node: Node, known: ReadonlyMap<string, ShellWord>): ShellWord[] {
  const raw = node.text ?? '';
  const value = typeof node.value === 'string' ? node.value : raw;
  const parts = node.parts;
  if (!parts) {
    return [{ text: value, open: false, trick: raw !== value && /[^\\]\\[a-zA-Z]/.test(raw), glob: false }];
  }
  const word: ShellWord = { text: '', open: false, trick: false, glob: false };
  let split = false;
  let quoted = 0;
  const add = (part: Node): void => {
    switch (part.type) {
      case 'Literal':
      case 'SingleQuoted':
        word.text += String(part.value ?? part.text ?? '');
        if (part.type === 'SingleQuoted') quoted += 1;
        break;
      case 'AnsiCQuoted':
        word.text += String(part.value ?? '');
        word.trick ||= /\\(?:x|u|U|[0-7]{2})/.test(part.text ?? '');
        break;
      case 'DoubleQuoted':
      case 'LocaleString':
        quoted += 1;
        for (const inner of part.parts ?? []) add(inner);
        break;
      case 'SimpleExpansion':
      case 'ParameterExpansion': {
        const name = part.parameter ?? (part.text ?? '').replace(/^\$/, '');
        const held = known.get(name);
        if (name === 'IFS') {
          word.text += ' ';
          split = true;
          word.trick = true;
        } else if (held && !held.open && !part.operation) {
          word.text += held.text;
          split ||= held.text.includes(' ') && quoted === 0;
        } else {
          word.text += part.text ?? '';
          word.open = true;
        }
        break;
      }
      case 'Glob':
      case 'ExtendedGlob':
        word.text += part.text ?? '';
        word.glob = true;
        break;
      case 'BraceExpansion':
        word.text += part.text ?? '';
        split = true;
        break;
      default:
        word.text += part.text ?? '';
        word.open = true;
    }
  };
  for (const part of parts) add(part);
  // `r''m` and `"r"m`: quotes inside a word only disguise it.
  if (
    quoted > 0 &&
    parts.length > 1 &&
    /^[\w./-]+$/.test(word.text) &&
    /[a-zA-Z]['"]+[a-zA-Z]|^["'][a-zA-Z]{1,2}["'][a-zA-Z]/.test(raw)
  )
    word.trick = true;
  if (!split) return [word];
  const brace = /^([^{}]*)\{([^{}]*,[^{}]*)\}([^{}]*)$/.exec(word.text);
  const texts = brace
    ? (brace[2] ?? '')
        .split(',')
        .slice(0, 50)
        .map((one) => `${brace[1] ?? ''}${one}${brace[3] ?? ''}`)
    : word.text.split(/\s+/).filter((one) => one !== '');
  return texts.map((text) => ({ ...word, text }));
}
