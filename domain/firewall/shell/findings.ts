import type { Severity } from '../../../contracts/verdict.ts';

/** What is said of one command, without its place. */
export type ShellSaid = readonly [id: string, severity: Severity, message: string];
export const said = (id: string, severity: Severity, message: string): ShellSaid => [id, severity, message];

export const DELETES = said('destructive', 'high', 'This command deletes or overwrites what cannot be brought back.');
export const SYSTEM_WRITE = said(
  'system_write',
  'high',
  'This command changes a file of the system, or one that is run by itself later.',
);
export const SENDS_FILE = said(
  'sends_file',
  'high',
  'This command sends a local file or its input to another machine.',
);
export const REMOTE_SHELL = said('remote_shell', 'critical', 'This command hands a shell to another machine.');
export const RUNS_OPTION = said('runs_option', 'high', 'An option of this command runs another program.');
export const READS_SECRET = said('reads_secret', 'high', 'This command reads a file that opens accounts.');
export const HIDES = said('covers_tracks', 'high', 'This command switches off a record or a protection.');
export const PERSISTS = said('persistence', 'high', 'This command makes something run again by itself.');
export const RIGHTS = said('rights', 'high', 'This command changes who may do what on the machine.');
