import type { Command } from './command.ts';
import { type Arguments, type Flag, listed, type TextOption } from './command-options.ts';
import { table } from './text.ts';

const WIDTH = 120;

export interface Described {
  summary: string;
  /** Paragraphs; each is wrapped. */
  details: readonly string[];
  examples: readonly string[];
}

const signature = (name: string, option: Flag | TextOption): string =>
  option.type === 'boolean' ? `--${name}` : `--${name} ${option.value}${option.multiple ? ' …' : ''}`;

/** `letsping show ID [--json | --receipt]` */
export function usageOf(name: string, { options, positionals, exclusive }: Arguments): string {
  const words = Object.values(positionals).map(({ value }) => value);
  const shared = exclusive.map((option) => signature(option, options[option]!)).join(' | ');
  for (const [option, declared] of Object.entries(options)) {
    if (option === exclusive[0]) words.push(`[${shared}]`);
    if (exclusive.includes(option)) continue;
    const text = signature(option, declared);
    words.push(declared.type === 'string' && declared.required ? text : `[${text}]`);
  }
  return ['letsping', name, ...words].join(' ');
}

/** The usage as lines: `usage: letsping …`, each wrapped between its arguments. */
export function usageText(usage: readonly string[]): string {
  const indent = ' '.repeat('usage: '.length);
  return usage.map((one, at) => `${at === 0 ? 'usage: ' : indent}${wrapped(one, `${indent}    `)}\n`).join('');
}

/** Breaks before a word, or before an argument in brackets, that would pass the width. */
function wrapped(text: string, indent: string): string {
  const lines = [''];
  let used = indent.length;
  for (const word of text.match(/\[[^\]]*\]|\S+/g) ?? []) {
    if (used + word.length > WIDTH && lines.at(-1) !== '') {
      lines.push('');
      used = indent.length;
    }
    lines[lines.length - 1] += lines.at(-1) === '' ? word : ` ${word}`;
    used += word.length + 1;
  }
  return lines.join(`\n${indent}`);
}

const describedOption = (name: string, option: Flag | TextOption): [string, string] => {
  if (option.type === 'boolean') return [signature(name, option), option.description];
  const choices = option.choices ? `: ${listed(option.choices, 'or')}` : '';
  const preset = option.default === undefined ? '' : `; default: ${option.default}`;
  return [signature(name, option), `${option.description}${choices}${preset}`];
};

const sentence = (summary: string) => `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;

function sections({ summary, details, examples }: Described, rows: [string, string][]): string {
  const title = examples.length > 1 ? 'examples' : 'example';
  return [
    [sentence(summary), ...details].map((paragraph) => `${wrapped(paragraph, '')}\n`).join('\n'),
    table(rows.map(([left, right]) => [`  ${left}`, right])),
    `${title}\n${examples.map((example) => `  ${example}\n`).join('')}`,
  ]
    .filter((section) => section !== '')
    .join('\n');
}

/** The help of a command, from its declaration. */
export const helpOf = (usage: readonly string[], described: Described, { options, positionals }: Arguments): string =>
  `${usageText(usage)}\n${sections(described, [
    ...Object.values(positionals).map(({ value, description }): [string, string] => [value, description]),
    ...Object.entries(options).map(([name, option]) => describedOption(name, option)),
  ])}`;

/** The help of a group: its subcommands with their summaries. */
export const groupHelpOf = (commands: readonly Command[], described: Described): string =>
  [
    `${usageText(commands.flatMap(({ usage }) => usage))}\n`,
    sections(
      described,
      commands.map(({ name, summary }) => [name, summary]),
    ),
    `\nletsping ${commands[0]!.name} --help explains its options, and so on.\n`,
  ].join('');
