#!/usr/bin/env node
import { type Command, CommandFailed, type Terminal, UsageError } from './command.ts';
import { ServiceFailed } from './services/service-failed.ts';
import { jsonLine, visible } from './text.ts';

/** Loaded on demand: `letsping inbox` must not pay for the Temporal worker. */
const COMMANDS: Record<string, { summary: string; load: () => Promise<Command> }> = {
  dev: { summary: 'start everything on this machine', load: async () => (await import('./commands/dev.ts')).dev },
  demo: { summary: 'show the main use from end to end', load: async () => (await import('./commands/demo.ts')).demo },
  inbox: { summary: 'list approval requests', load: async () => (await import('./commands/inbox.ts')).inbox },
  show: { summary: 'show one approval request', load: async () => (await import('./commands/show.ts')).show },
  approve: {
    summary: 'approve a request, or its waiting patch',
    load: async () => (await import('./commands/decide.ts')).approve,
  },
  reject: { summary: 'reject a request', load: async () => (await import('./commands/decide.ts')).reject },
  patch: {
    summary: 'approve a request with another payload',
    load: async () => (await import('./commands/decide.ts')).patch,
  },
  verify: { summary: 'verify a receipt offline', load: async () => (await import('./commands/verify.ts')).verify },
  keys: { summary: 'create, list and revoke API keys', load: async () => (await import('./commands/keys.ts')).keys },
  policy: {
    summary: 'check, test, simulate, show and apply policies',
    load: async () => (await import('./commands/policy.ts')).policy,
  },
  api: { summary: 'run the API server (deployment)', load: async () => (await import('./commands/api.ts')).api },
  worker: {
    summary: 'run the Temporal worker (deployment)',
    load: async () => (await import('./commands/worker.ts')).worker,
  },
  migrate: {
    summary: 'migrate the database to this release (deployment)',
    load: async () => (await import('./commands/migrate.ts')).migrate,
  },
  doctor: {
    summary: 'check a deployment and suggest fixes',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  'rotate-root-key': {
    summary: 'wrap all keys under a new root key (deployment)',
    load: async () => (await import('./commands/rotate-root-key.ts')).rotateRootKeyCommand,
  },
};

const help = () =>
  [
    'usage: letsping <command> [options]',
    '',
    ...Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(15)} ${summary}`),
    '',
    'letsping <command> --help explains a command. Results go to stdout, everything else to stderr.',
    'Exit codes: 0 done, 1 failed, 2 usage.',
    '',
  ].join('\n');

async function main(argv: string[], terminal: Terminal): Promise<0 | 1 | 2> {
  const [name, ...args] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    terminal.out(help());
    return name === undefined ? 2 : 0;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!entry) {
    terminal.err(`letsping: unknown command ${JSON.stringify(name)}\n\n${help()}`);
    return 2;
  }
  const command = await entry.load();
  if (args.includes('--help') || args.includes('-h')) {
    terminal.out(`${command.usage}\n`);
    return 0;
  }
  try {
    return await command.run(args, terminal);
  } catch (error) {
    if (error instanceof UsageError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')) {
      terminal.err(`letsping ${name}: ${(error as Error).message}\n\n${command.usage}\n`);
      return 2;
    }
    if (!(error instanceof CommandFailed || error instanceof ServiceFailed)) throw error;
    const docs = error instanceof CommandFailed ? error.docs : undefined;
    if (args.includes('--json'))
      terminal.out(jsonLine({ error: { code: error.code, message: error.message, hint: error.hint, docs } }));
    const more = [...(error.hint ? [`try: ${error.hint}\n`] : []), ...(docs ? [`see: ${visible(docs)}\n`] : [])];
    terminal.err(`letsping ${name}: ${error.message}\n${more.join('')}`);
    return 1;
  }
}

// A reader that closes the pipe early (`| head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await main(process.argv.slice(2), {
  env: process.env,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
});
