/** A part of a regular expression, with the span of the source that it stands for. */
type Node =
  | { kind: 'text'; text: string }
  | { kind: 'class'; source: string }
  | { kind: 'back'; group: number }
  | { kind: 'repeat'; node: Node; least: number }
  | { kind: 'group'; opening: string; number: number; choice: Choice };
interface Branch {
  start: number;
  end: number;
  nodes: Node[];
}
interface Choice {
  start: number;
  end: number;
  branches: Branch[];
}

/** One alternative of a pattern: texts that it may let through, and the pattern without it. */
export interface Alternative {
  written: string;
  samples: string[];
  without: RegExp;
  /** Inside a negative look-ahead: what it lets through is left out. */
  excludes: boolean;
}

/** How parts that may be missing are written: not at all, each once, or gaps as a space. */
interface Style {
  optional: boolean;
  gaps: boolean;
}
const STYLES: readonly Style[] = [
  { optional: false, gaps: false },
  { optional: false, gaps: true },
  { optional: true, gaps: false },
  { optional: true, gaps: true },
];
const isGap = (node: Node): boolean => node.kind === 'class' && /^(?:\.|\[\^|\[\\s\\S\])/.test(node.source);

const CANDIDATES = [
  'a',
  'A',
  'x',
  '1',
  ' ',
  '/',
  '.',
  '=',
  '-',
  "'",
  '"',
  '@',
  ':',
  ';',
  '\n',
  ...'bcdefgnrstw{}[]()!|&',
];

class Parser {
  readonly source: string;
  at = 0;
  groups = 0;
  constructor(source: string) {
    this.source = source;
  }
  choice(): Choice {
    const start = this.at;
    const branches: Branch[] = [];
    do {
      if (branches.length > 0) this.at += 1;
      const from = this.at;
      const nodes: Node[] = [];
      while (this.at < this.source.length && !'|)'.includes(this.source[this.at]!)) nodes.push(this.repeated());
      branches.push({ start: from, end: this.at, nodes });
    } while (this.source[this.at] === '|');
    return { start, end: this.at, branches };
  }
  repeated(): Node {
    const node = this.atom();
    const count = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/.exec(this.source.slice(this.at));
    if (!count) return node;
    this.at += count[0].length;
    return { kind: 'repeat', node, least: count[1] ? Number(count[1]) : count[0][0] === '+' ? 1 : 0 };
  }
  atom(): Node {
    const rest = this.source.slice(this.at);
    const group = /^\((?:\?(?:<?[=!]|:|<\w+>))?/.exec(rest);
    if (group) {
      this.at += group[0].length;
      const number = /^\((?:\?<\w+>)?$/.test(group[0]) ? ++this.groups : 0;
      const choice = this.choice();
      this.at += 1;
      return { kind: 'group', opening: group[0], number, choice };
    }
    const set = /^\[(?:\\.|[^\]\\])*\]/.exec(rest) ?? /^(?:\\[swSWdD]|\\p\{[^}]*\}|\.)/.exec(rest);
    if (set) {
      this.at += set[0].length;
      return { kind: 'class', source: set[0] };
    }
    const escaped = /^\\(?:u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[1-9]|.)/.exec(rest);
    this.at += escaped ? escaped[0].length : 1;
    if (!escaped) return { kind: 'text', text: '^$'.includes(rest[0]!) ? '' : rest[0]! };
    const body = escaped[0].slice(1);
    if (/^[1-9]$/.test(body)) return { kind: 'back', group: Number(body) };
    if (/^[bB]$/.test(body)) return { kind: 'text', text: '' };
    const control: Record<string, string> = { n: '\n', r: '\r', t: '\t' };
    if (/^u|^x/.test(body))
      return { kind: 'text', text: String.fromCodePoint(Number.parseInt(body.replace(/[ux{}]/g, ''), 16)) };
    return { kind: 'text', text: control[body] ?? body };
  }
}

const holds = (branch: { start: number; end: number }, target: Branch): boolean =>
  branch.start <= target.start && target.end <= branch.end;

/** A text that takes the target branch; everywhere else the first branch and the fewest repetitions. */
function sampleOf(nodes: readonly Node[], target: Branch, style: Style, groups: string[] = []): string {
  return nodes.map((node) => textOf(node, target, style, groups)).join('');
}

function textOf(node: Node, target: Branch, style: Style, groups: string[]): string {
  switch (node.kind) {
    case 'text':
      return node.text;
    case 'class':
      return CANDIDATES.find((char) => new RegExp(`^${node.source}$`, 'u').test(char)) ?? '';
    case 'back':
      return groups[node.group] ?? '';
    case 'repeat': {
      const wanted = node.node.kind === 'group' && holds(node.node.choice, target);
      if (node.least === 0 && style.gaps && isGap(node.node)) return ' ';
      const taken = wanted || (style.optional && node.node.kind !== 'class');
      return sampleOf([node.node], target, style, groups).repeat(Math.max(node.least, taken ? 1 : 0));
    }
    case 'group': {
      const wanted = holds(node.choice, target);
      if (/\?<?[=!]/.test(node.opening) && !(wanted && !node.opening.includes('<'))) return '';
      const branch = node.choice.branches.find((one) => holds(one, target)) ?? node.choice.branches[0]!;
      const text = sampleOf(branch.nodes, target, style, groups);
      if (node.number > 0) groups[node.number] = text;
      return text;
    }
  }
}

function* choicesOf(choice: Choice, excludes: boolean): Generator<{ choice: Choice; excludes: boolean }> {
  yield { choice, excludes };
  for (const branch of choice.branches)
    for (const node of branch.nodes) {
      const group = node.kind === 'repeat' ? node.node : node;
      if (group.kind === 'group') yield* choicesOf(group.choice, excludes || group.opening === '(?!');
    }
}

/** Every alternative of a pattern that is written with a word: two letters or more. */
export function alternativesOf(pattern: RegExp): Alternative[] {
  const { source, flags } = pattern;
  const root = new Parser(source).choice();
  const plain = flags.replace('g', '');
  return [...choicesOf(root, false)].flatMap(({ choice, excludes }) =>
    choice.branches.length < 2
      ? []
      : choice.branches.flatMap((branch, index): Alternative[] => {
          const written = source.slice(branch.start, branch.end);
          if (!/[A-Za-z]{2}/.test(written.replace(/\\[A-Za-z]/g, ' '))) return [];
          const last = index === choice.branches.length - 1;
          const [from, to] = last ? [branch.start - 1, branch.end] : [branch.start, branch.end + 1];
          const top = root.branches.find((one) => holds(one, branch))!;
          const samples = [...new Set(STYLES.map((style) => sampleOf(top.nodes, branch, style)))];
          return [{ written, samples, without: new RegExp(source.slice(0, from) + source.slice(to), plain), excludes }];
        }),
  );
}
