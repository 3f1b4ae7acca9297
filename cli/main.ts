#!/usr/bin/env node
import { COMMANDS } from './all-commands.ts';
import { runCommandLine } from './command-line.ts';

// A reader that closes the pipe early (`| head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const terminal = {
  env: process.env,
  out: (text: string) => process.stdout.write(text),
  err: (text: string) => process.stderr.write(text),
  interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
};
process.exitCode = await runCommandLine(process.argv.slice(2), terminal, COMMANDS);
