import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PARTS } from '../../bench/approvals/index.ts';
import { loadParsers } from '../../runtime/parsers.ts';
import { REPOSITORY } from '../helpers/repository-files.ts';
import { chosen as cellsOf } from '../packages/options.ts';
import { chosen } from '../reliability/options.ts';
import { checkLetsping } from './letsping-commands.ts';
import { folders, hasTests, helpOf, LANES, PACKAGE, refusedByParser, SERVICES, unknownOptions } from './probes.ts';
import type { Surroundings } from './run-block.ts';
import type { Command } from './words.ts';

/** What was done with a command: it ran, or its program, options and names were found to exist. */
export type Done = 'run' | 'checked' | 'not runnable';

type Check = (args: string[], surroundings: Surroundings, assigned: boolean) => Done | Promise<Done>;

const fail = (message: string): never => {
  throw new Error(message);
};

const whenAccepted = (refused: string | undefined): Done => (refused === undefined ? 'checked' : fail(refused));

async function bench([name, ...args]: string[]): Promise<Done> {
  if (name === undefined) return fail('name a bench');
  const only = args[args.indexOf('--only') + 1]?.split(',') ?? [];
  if (args.includes('--only') && !only.every((part) => (PARTS as readonly string[]).includes(part)))
    fail(`--only takes ${PARTS.join(',')}`);
  return whenAccepted(await refusedByParser('dist/bench/main.js', [name, ...args]));
}

/** `NAME` stands for any suite, a number for a seed. */
function reliability(args: string[]): Done {
  chosen(args.map((word) => (word === 'NAME' ? 'races' : word === 'N' ? '7' : word)));
  return 'checked';
}

function packages(args: string[]): Done {
  cellsOf(args);
  return 'checked';
}

/** Scripts that take arguments. */
const WITH_ARGUMENTS: Record<string, Check> = {
  letsping: checkLetsping,
  start: (args, ...rest) => checkLetsping(['dev', ...args], ...rest),
  demo: (args, ...rest) => checkLetsping(['demo', ...args], ...rest),
  bench,
  reliability,
  'test:packages': packages,
};

/** `npm run pack:all` writes a tarball for the whole package, and one for each folder of `packages/`. */
const TARBALLS = [PACKAGE.name, ...folders('packages').map((name) => `${PACKAGE.name}-${name}`)].map(
  (name) => `${name}-${PACKAGE.version}.tgz`,
);

/** npm's own commands, as its help lists them. */
async function npmItself([verb, ...args]: string[]): Promise<Done> {
  const help = await helpOf('npm', ['--help']);
  const listed = /All commands:\s*([\s\S]+?)\n\n/.exec(help?.stdout ?? '')?.[1]?.split(/[\s,]+/) ?? [];
  if (!listed.includes(verb!)) fail(`npm has no command ${verb}`);
  const unknown = args.filter((word) => word.endsWith('.tgz') && !TARBALLS.includes(basename(word)));
  return unknown.length > 0 ? fail(`npm run pack:all does not write ${unknown.join(', ')}`) : 'checked';
}

const npm: Check = (given, ...rest) => {
  const [verb, ...args] = given.filter((word) => word !== '--silent');
  if (verb !== 'run' && verb !== 'start' && verb !== 'test') return npmItself([verb!, ...args]);
  const script = verb === 'run' ? args.shift() : verb;
  if (script === undefined || PACKAGE.scripts[script] === undefined)
    return fail(`package.json has no script ${script ?? ''}`);
  if (args.length > 0 && args[0] !== '--') fail('npm passes arguments to a script only after --');
  const check = WITH_ARGUMENTS[script];
  if (check) return check(args.slice(1), ...rest);
  return args.length > 0 ? fail(`no argument of the script ${script} is known here`) : 'checked';
};

const vitest: Check = ([run, ...args]) => {
  if (run !== 'run') fail(`vitest ${run} is not known here`);
  const lane = args.indexOf('--project');
  if (lane >= 0 && !LANES.includes(args[lane + 1]!)) fail(`vitest.config.ts has no lane ${args[lane + 1]}`);
  for (const path of lane < 0 ? args : args.toSpliced(lane, 2))
    if (path !== 'FILE' && !hasTests(path)) fail(`there is no test in ${path}`);
  return 'checked';
};

const npx: Check = ([program, ...args], ...rest) =>
  program === 'letsping'
    ? checkLetsping(args, ...rest)
    : program === 'vitest'
      ? vitest(args, ...rest)
      : fail(`npx ${program} is not known here`);

const docker: Check = ([compose, verb, ...args], ...rest) => {
  if (compose !== 'compose' || !/^(?:up|down|run|build|pull|images|ps|logs)$/.test(verb ?? ''))
    fail(`docker ${compose} ${verb} is not known here`);
  const [service, ...inside] = args.slice(args.findIndex((word) => !word.startsWith('-')));
  if (service === undefined || service.startsWith('-')) return 'checked';
  if (!SERVICES.includes(service)) fail(`docker-compose.yml has no service ${service}`);
  // In the container, the arguments are those of `letsping`.
  return inside.length > 0 ? checkLetsping(inside, rest[0], true) : 'checked';
};

/** A program of others: its help must name every option. Not runnable where it is not installed. */
const helpful =
  (program: string, helpArgs: (args: string[]) => string[]): Check =>
  async (args, { project }) => {
    const help = await helpOf(program, helpArgs(args), project.terminal);
    if (!help) return 'not runnable';
    if (help.code !== 0) fail(help.stderr);
    const unknown = unknownOptions(args, `${help.stdout}${help.stderr}`);
    return unknown.length > 0 ? fail(`the help of ${program} does not name ${unknown.join(', ')}`) : 'checked';
  };

/** The words before the first option. */
const subcommand = (args: string[]): string[] => {
  const option = args.findIndex((word) => word.startsWith('-'));
  return option < 0 ? args : args.slice(0, option);
};

/** PostgreSQL's own parser reads it. */
export async function checkSql(command: string): Promise<Done> {
  (await loadParsers()).sql!(command.replaceAll('…', 'x'));
  return 'checked';
}

const CHECKS: Record<string, Check> = {
  letsping: checkLetsping,
  npm,
  npx,
  docker,
  temporal: helpful('temporal', (args) => [...subcommand(args), '--help']),
  pg_dump: helpful('pg_dump', () => ['--help']),
  psql: helpful('psql', () => ['--help']),
  curl: helpful('curl', () => ['--help', 'all']),
  openssl: helpful('openssl', ([name]) => [name!, '-help']),
};

/** A line of a `text` block that begins with one of these is a command. */
export const PROGRAMS: string[] = [...Object.keys(CHECKS), 'git', 'pip', 'node', 'python3', 'kubectl', 'pnpm'];

/** Of the shell itself, or of every system. */
const SHELL = new Set(['cd', 'echo', 'export', 'mkdir']);

/** `policy test`, short for `letsping policy test`. */
const LETSPING = readdirSync(join(REPOSITORY, 'cli/commands')).map((file) => file.replace('.ts', ''));
const isLetsping = (word: string) => LETSPING.includes(word) || /^(?:approve|reject|patch)$/.test(word);

/** @throws Error if the command is not known, or would fail. */
export async function checkCommand({ words, assignments }: Command, surroundings: Surroundings): Promise<Done> {
  const [program, ...args] = words as [string, ...string[]];
  const assigned = assignments.length > 0;
  if (isLetsping(program)) return checkLetsping(words, surroundings, assigned);
  const path = join(REPOSITORY, program);
  if (SHELL.has(program)) return 'checked';
  if (program.includes('/'))
    return readdirSync(join(path, '..')).includes(path.split('/').at(-1)!) ? 'checked' : fail(`there is no ${program}`);
  const check = Object.hasOwn(CHECKS, program) ? CHECKS[program] : undefined;
  if (!check) return fail(`nothing checks commands of ${program}: add it to test/documents`);
  return check(args, surroundings, assigned);
}
