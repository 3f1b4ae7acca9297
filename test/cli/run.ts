import { type Command, CommandFailed, type ExitCode, UsageError } from '../../cli/command.ts';
import { ServiceFailed } from '../../cli/services/service-failed.ts';

export interface Ran {
  /** As in `cli/command-line.ts`: 2 for a UsageError, 1 for a CommandFailed or a ServiceFailed. */
  code: ExitCode;
  out: string;
  err: string;
  failure?: CommandFailed | ServiceFailed;
}

/** Runs a command as `runCommandLine` does, and captures its two outputs. */
export async function run(command: Command, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const ran = { out: '', err: '' };
  const terminal = {
    env,
    interactive: false,
    out: (text: string) => {
      ran.out += text;
    },
    err: (text: string) => {
      ran.err += text;
    },
  };
  try {
    return { ...ran, code: await command.run(args, terminal), ...ran };
  } catch (error) {
    if (error instanceof UsageError) return { ...ran, code: 2, err: ran.err + error.message };
    if (!(error instanceof CommandFailed || error instanceof ServiceFailed)) throw error;
    return { ...ran, code: 1, err: `${ran.err}${error.message}\n${error.hint ?? ''}`, failure: error };
  }
}
