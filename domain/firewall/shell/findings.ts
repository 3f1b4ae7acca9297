import { templatesOf } from '../finding.ts';

export const template = templatesOf('shell');

export const DELETES = template(
  'destructive',
  'high',
  'This command deletes or overwrites data that cannot be restored.',
);
export const SYSTEM_WRITE = template(
  'system_write',
  'high',
  'This command changes a file of the system, or a file that runs automatically later.',
);
export const SENDS_FILE = template(
  'sends_file',
  'high',
  'This command sends a local file or its input to another machine.',
);
export const REMOTE_SHELL = template('remote_shell', 'critical', 'This command gives another machine a shell.');
export const RUNS_OPTION = template('runs_option', 'high', 'An option of this command runs another program.');
export const READS_SECRET = template('reads_secret', 'high', 'This command reads a file with credentials.');
export const HIDES = template('covers_tracks', 'high', 'This command switches off a log or a protection.');
export const PERSISTS = template('persistence', 'high', 'This command makes a program run automatically.');
export const RIGHTS = template('rights', 'high', 'This command changes who may do what on the machine.');
export const RUNS_INPUT = template(
  'runs_input',
  'high',
  'This runs its input, a download or decoded text as a program.',
);
export const BULK_CHANGE = template(
  'bulk_change',
  'high',
  'This command runs a destructive command on every result of a search.',
);
