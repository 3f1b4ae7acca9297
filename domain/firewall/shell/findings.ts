import { templatesOf } from '../finding.ts';

export const template = templatesOf('shell');

export const DELETES = template(
  'destructive',
  'high',
  'This command deletes or overwrites what cannot be brought back.',
);
export const SYSTEM_WRITE = template(
  'system_write',
  'high',
  'This command changes a file of the system, or one that is run by itself later.',
);
export const SENDS_FILE = template(
  'sends_file',
  'high',
  'This command sends a local file or its input to another machine.',
);
export const REMOTE_SHELL = template('remote_shell', 'critical', 'This command hands a shell to another machine.');
export const RUNS_OPTION = template('runs_option', 'high', 'An option of this command runs another program.');
export const READS_SECRET = template('reads_secret', 'high', 'This command reads a file that opens accounts.');
export const HIDES = template('covers_tracks', 'high', 'This command switches off a record or a protection.');
export const PERSISTS = template('persistence', 'high', 'This command makes something run again by itself.');
export const RIGHTS = template('rights', 'high', 'This command changes who may do what on the machine.');
export const RUNS_INPUT = template('runs_input', 'high', 'This runs as a program what it was fed, fetched or decoded.');
export const BULK_CHANGE = template(
  'bulk_change',
  'high',
  'This command runs a destructive command on everything it finds.',
);
