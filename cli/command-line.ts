import { type Command, CommandFailed, type ExitCode, type Terminal, UsageError } from './command.ts';
import { usageText } from './command-help.ts';
import { ServiceFailed } from './services/service-failed.ts';
import { jsonLine, table, visible } from './text.ts';

const listOf = (commands: readonly Command[]): string =>
  [
    'usage: letsping <command> [options]\n\n',
    table(commands.map(({ name, summary }) => [`  ${name}`, summary])),
    '\nletsping <command> --help explains a command. Results go to stdout, everything else to stderr.\n',
    'Exit codes: 0 done, 1 failed, 2 usage; api and worker: 70 ended by an uncaught error.\n',
  ].join('');

const isHelp = (word: string) => word === 'help' || word === '--help' || word === '-h';

/** Finds the command, runs it and prints what it throws. */
export async function runCommandLine(
  argv: readonly string[],
  terminal: Terminal,
  commands: readonly Command[],
): Promise<ExitCode> {
  const [first, ...others] = argv;
  const [name, ...args] =
    first !== undefined && isHelp(first) && others.length > 0 ? [...others, '--help'] : [first, ...others];
  if (name === undefined || isHelp(name)) {
    terminal.out(listOf(commands));
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((one) => one.name === name);
  if (!command) {
    terminal.err(`letsping: unknown command ${JSON.stringify(name)}\n\n${listOf(commands)}`);
    return 2;
  }
  try {
    return await command.run(args, terminal);
  } catch (error) {
    if (error instanceof UsageError) {
      const called = error.command ?? command;
      terminal.err(
        `letsping ${called.name}: ${error.message}\n\n${usageText(called.usage)}try: letsping ${called.name} --help\n`,
      );
      return 2;
    }
    if (!(error instanceof CommandFailed || error instanceof ServiceFailed)) throw error;
    const { code, message, hint } = error;
    const docs = error instanceof CommandFailed ? error.docs : undefined;
    if (args.includes('--json')) terminal.out(jsonLine({ error: { code, message, hint, docs } }));
    const more = [...(hint ? [`try: ${hint}\n`] : []), ...(docs ? [`see: ${visible(docs)}\n`] : [])];
    terminal.err(`letsping ${name}: ${message}\n${more.join('')}`);
    return 1;
  }
}
