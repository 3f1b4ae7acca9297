import { type Command, type ExitCode, type Terminal, UsageError } from './command.ts';
import { type Described, groupHelpOf, helpOf, usageOf } from './command-help.ts';
import { type Options, type Positionals, readArguments, type Values } from './command-options.ts';

interface Declared {
  /** The words after `letsping`: `inbox`, `policy check`. */
  readonly name: string;
  /** One phrase, lower case, for the list of commands. */
  readonly summary: string;
  /** Paragraphs of the help. */
  readonly details?: readonly string[];
  /** At least one line that a user can copy. */
  readonly examples: readonly [string, ...string[]];
}

interface CommandDeclaration<O extends Options, P extends Positionals> extends Declared {
  readonly positionals?: P;
  readonly options?: O;
  /** Options of which at most one may be given. */
  readonly exclusive?: readonly (keyof O & string)[];
  run(values: Values<O, P>, terminal: Terminal): Promise<ExitCode>;
}

const asksForHelp = (args: readonly string[]): boolean => {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? undefined : end).some((arg) => arg === '--help' || arg === '-h');
};

const described = ({ summary, details = [], examples }: Declared): Described => ({ summary, details, examples });

/**
 * Declares a command once: the reading of its arguments, its usage, its help and its line in the list of commands follow. All
 * declarations are loaded for any command, so `run` imports what is heavy: a server, a database, a schema.
 *
 * @example
 * export const show = defineCommand({
 *   name: 'show',
 *   summary: 'show one approval request',
 *   positionals: { id: { value: 'ID', description: 'the request' } },
 *   options: { json: { type: 'boolean', description: 'print it as one line of JSON' } },
 *   examples: ['letsping show req_01kc…'],
 *   run: async ({ id, json }, terminal) => (await import('../requests/show.ts')).showRequest(id, json, terminal),
 * });
 */
export function defineCommand<
  const O extends Options = Record<never, never>,
  const P extends Positionals = Record<never, never>,
>(declared: CommandDeclaration<O, P>): Command {
  const args = {
    options: declared.options ?? {},
    positionals: declared.positionals ?? {},
    exclusive: declared.exclusive ?? [],
  };
  const usage = [usageOf(declared.name, args)];
  const command: Command = {
    name: declared.name,
    summary: declared.summary,
    usage,
    help: helpOf(usage, described(declared), args),
    async run(given, terminal) {
      if (asksForHelp(given)) {
        terminal.out(command.help);
        return 0;
      }
      return refusing(command, () => declared.run(readArguments(args, given) as Values<O, P>, terminal));
    },
  };
  return command;
}

/** A command whose first argument names one of its subcommands, which are declared with both words as their name. */
export function defineCommandGroup(
  declared: Declared & { readonly commands: readonly [Command, ...Command[]] },
): Command {
  const { name, summary, commands } = declared;
  const verbOf = (command: Command) => command.name.slice(name.length + 1);
  const group: Command = {
    name,
    summary,
    usage: commands.flatMap(({ usage }) => usage),
    help: groupHelpOf(commands, described(declared)),
    async run([verb, ...rest], terminal) {
      const command = commands.find((one) => verbOf(one) === verb);
      if (command) return command.run(rest, terminal);
      if (verb !== undefined && asksForHelp([verb])) {
        terminal.out(group.help);
        return 0;
      }
      return refusing(group, () => {
        throw new UsageError(`name a subcommand: ${commands.map(verbOf).join(', ')}`);
      });
    },
  };
  return group;
}

/** Notes the command in a refusal of its arguments, for its usage. */
async function refusing(command: Command, work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UsageError) error.command ??= command;
    throw error;
  }
}
