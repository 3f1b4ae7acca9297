import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Done } from './commands.ts';
import { refusedByParser } from './probes.ts';
import { type Project, runProgram } from './project.ts';
import type { Surroundings } from './run-block.ts';

/** These run until they are stopped, or for minutes: their options are checked, and tests of their own run them. */
const LONG = new Set(['dev', 'demo', 'api', 'worker']);

const written = new WeakMap<Project, Promise<void>>();

/** Files that commands of the documents read. */
async function writeFiles({ people, project, system }: Surroundings): Promise<void> {
  const { folder } = project;
  const decided = await people.open('approved');
  const ran = await runProgram(join('bin', 'letsping'), ['show', decided.id, '--receipt'], {
    cwd: project.folder,
    env: project.terminal,
  });
  const keys = await fetch(`${system.public_url}/.well-known/jwks.json`);
  writeFileSync(join(folder, 'receipt.jws'), ran.stdout);
  writeFileSync(join(folder, 'jwks.json'), await keys.text());
  // Another payload than the requested one, for a patch.
  writeFileSync(join(folder, 'payload.json'), JSON.stringify({ ...decided.payload, amount: 200 }));
}

/** What the capitals in a command stand for. */
async function filledIn(args: string[], { people }: Surroundings): Promise<string[]> {
  const named: Record<string, string> = { TEXT: 'because', NAME: 'acme', OWNER: 'agent-7', FILE: 'payload.json' };
  if (args.some((word) => word === 'ID')) {
    const state = args.includes('--receipt')
      ? 'approved'
      : args.includes('--patched')
        ? 'proposed'
        : args[0] === 'permits'
          ? 'unknown'
          : 'pending';
    named['ID'] = (await people.open(state)).id;
  }
  return args.map((word) => named[word] ?? word);
}

async function accepted(args: string[]): Promise<Done> {
  const refused = await refusedByParser('dist/cli/main.js', args);
  if (refused !== undefined) throw new Error(`letsping does not accept it: ${refused}`);
  return 'checked';
}

/**
 * Runs a command, unless it runs for long or has variables in front of it. One that is only named, such as `letsping verify`,
 * must exist.
 */
export async function checkLetsping(args: string[], surroundings: Surroundings, assigned = false): Promise<Done> {
  const { project, system } = surroundings;
  if (LONG.has(args[0]!) || assigned) {
    return accepted(args);
  }
  if (!written.has(project)) written.set(project, writeFiles(surroundings));
  await written.get(project);
  const env = {
    ...project.terminal,
    ...(args[0] === 'migrate' && { DATABASE_URL: system.database_url }),
    ...(args[0] === 'restore' && system.program_env),
    // Only another person may approve a patch with a new finding.
    ...(args.includes('--patched') && {
      LETSPING_BASE_URL: system.public_url,
      LETSPING_API_KEY: project.terminal['OTHER_APPROVER_KEY'],
    }),
  };
  const options = { cwd: project.folder, env };
  const ran = await runProgram(join('bin', 'letsping'), await filledIn(args, surroundings), options);
  if (ran.code === 0) return 'run';
  if (ran.code !== 2) throw new Error(`exit code ${ran.code}: ${ran.stderr.trim()}`);
  const named = `letsping ${args.slice(0, args.findIndex((word) => word.startsWith('-')) >>> 0).join(' ')}`;
  const { stdout } = await runProgram(join('bin', 'letsping'), [args[0]!, '--help'], options);
  if (!stdout.includes(named)) throw new Error(`the usage does not name ${named}`);
  return accepted(args);
}
