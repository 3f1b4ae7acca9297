import type { Command } from './command.ts';
import { api } from './commands/api.ts';
import { audit } from './commands/audit.ts';
import { approve, patch, reject } from './commands/decide.ts';
import { demo } from './commands/demo.ts';
import { dev } from './commands/dev.ts';
import { doctor } from './commands/doctor.ts';
import { inbox } from './commands/inbox.ts';
import { keys } from './commands/keys.ts';
import { migrate } from './commands/migrate.ts';
import { permits } from './commands/permits.ts';
import { policy } from './commands/policy.ts';
import { restore } from './commands/restore.ts';
import { retention } from './commands/retention.ts';
import { rotateRootKeyCommand } from './commands/rotate-root-key.ts';
import { sessions } from './commands/sessions.ts';
import { show } from './commands/show.ts';
import { signingKeys } from './commands/signing-keys.ts';
import { verify } from './commands/verify.ts';
import { worker } from './commands/worker.ts';

/** In the order of `letsping help`. */
export const COMMANDS: readonly Command[] = [
  dev,
  demo,
  inbox,
  show,
  approve,
  reject,
  patch,
  permits,
  verify,
  keys,
  sessions,
  policy,
  audit,
  api,
  worker,
  migrate,
  doctor,
  rotateRootKeyCommand,
  signingKeys,
  retention,
  restore,
];
