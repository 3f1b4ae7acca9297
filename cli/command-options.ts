import { parseArgs } from 'node:util';
import { UsageError } from './command.ts';

export interface Flag {
  type: 'boolean';
  description: string;
}

export interface TextOption {
  type: 'string';
  /** Stands for the value in the usage: `NAME`. */
  value: string;
  description: string;
  required?: true;
  /** May be repeated; the value is a list. */
  multiple?: true;
  default?: string;
  /** All others are refused. */
  choices?: readonly string[];
}

export type Options = Record<string, Flag | TextOption>;

/** Arguments by position, in their order. Each is required. */
export type Positionals = Record<string, { value: string; description: string }>;

type OptionValue<O> = O extends { type: 'boolean' }
  ? boolean
  : O extends { multiple: true }
    ? string[] | undefined
    : O extends { required: true } | { default: string }
      ? string
      : string | undefined;

/** What `run` gets: the value of each option and of each positional, by its name. */
export type Values<O extends Options, P extends Positionals> = { [Name in keyof O]: OptionValue<O[Name]> } & {
  [Name in keyof P]: string;
};

export interface Arguments {
  options: Options;
  positionals: Positionals;
  /** Options of which at most one may be given. */
  exclusive: readonly string[];
}

/** Reads arguments as they are declared, strictly: nothing is accepted and ignored. @throws UsageError */
export function readArguments(declared: Arguments, args: readonly string[]): Record<string, unknown> {
  const { values, positionals, tokens } = parsed(declared.options, args);
  const once = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option' || token.value === undefined || isMultiple(declared.options[token.name])) continue;
    if (once.has(token.name)) throw new UsageError(`--${token.name} is given twice`);
    once.add(token.name);
  }
  return { ...byPosition(declared.positionals, positionals), ...byName(declared, values) };
}

const isMultiple = (option: Flag | TextOption | undefined) => option?.type === 'string' && option.multiple === true;

function parsed(options: Options, args: readonly string[]) {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, { type: option.type, multiple: isMultiple(option) }]),
  );
  try {
    return parseArgs({ args: [...args], options: config, allowPositionals: true, tokens: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code?.startsWith('ERR_PARSE_ARGS')) throw error;
    // "Unknown option '--x'. To specify a positional argument …": the usage says the rest.
    const [first = ''] = message.split('. ');
    throw new UsageError(first.charAt(0).toLowerCase() + first.slice(1), { cause: error });
  }
}

function byPosition(declared: Positionals, given: readonly string[]): Record<string, string> {
  const names = Object.keys(declared);
  if (given.length > names.length) throw new UsageError(`unexpected argument ${JSON.stringify(given[names.length])}`);
  return Object.fromEntries(
    Object.entries(declared).map(([name, { value, description }], at) => {
      const text = given[at];
      if (text === undefined) throw new UsageError(`${value} is missing: ${description}`);
      return [name, text];
    }),
  );
}

type Given = Record<string, string | boolean | (string | boolean)[] | undefined>;

function byName({ options, exclusive }: Arguments, given: Given): Record<string, unknown> {
  const both = exclusive.filter((name) => given[name] !== undefined);
  if (both.length > 1) throw new UsageError(`use one of ${listed(exclusive.map((name) => `--${name}`))}`);
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => {
      const value = given[name];
      if (option.type === 'boolean') return [name, value ?? false];
      if (value === undefined && option.required) throw new UsageError(`--${name} is missing: ${option.description}`);
      if (typeof value === 'string' && option.choices && !option.choices.includes(value))
        throw new UsageError(`--${name} takes ${listed(option.choices, 'or')}`);
      return [name, value ?? option.default];
    }),
  );
}

/** `a, b and c` */
export const listed = (words: readonly string[], last: 'and' | 'or' = 'and'): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
