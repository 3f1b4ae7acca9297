import { z } from 'zod/v4';
import { described, guardrailRule, texts } from './rule.ts';

export const ShellRule = guardrailRule('shell', {
  allowed_commands: texts(500, 100, 'Commands that may run. Default: all that are not destructive'),
  allowed_paths: texts(
    200,
    1_000,
    'Folders that every path in a command, its working folder, and arguments of role path must lie in; what only the run decides is held',
  ),
  deny_network: described(z.boolean().optional(), 'Default false. True holds every command that opens a connection'),
});
