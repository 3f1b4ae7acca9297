import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cell, Problems } from '../cell.ts';
import { environment, type Lab, type PackageName } from '../lab.ts';
import { copyProgram, createProject } from '../project.ts';
import { mustRun, run } from '../run-program.ts';
import { peersOf, TEMPORAL_PACKAGES } from './versions.ts';

type Code = 'LETSPING_TWO_COPIES' | 'LETSPING_UNSUPPORTED_VERSION';

/** One line, one sentence: what was found and what to do. */
const isOneSentence = (text: string) => !/\n./.test(text) && !/\. [A-Z]/.test(text) && text.length < 600;

/** `letsping worker` of an installed package, which must refuse to start. @throws Error if it does not */
async function refusedWorker(folder: string, saying: RegExp): Promise<string> {
  const { code, stdout, stderr } = await run('npx', ['--no-install', 'letsping', 'worker'], {
    cwd: folder,
    env: environment(),
    timeoutMs: 60_000,
  });
  const problems = new Problems();
  problems.check(code === 1, `letsping worker ended with ${code}`);
  problems.check(stdout === '', `stdout: ${stdout.slice(0, 500)}`);
  problems.check(saying.test(stderr) && isOneSentence(stderr.trim()), `stderr: ${stderr.slice(0, 1_000)}`);
  problems.assertNone();
  return 'letsping worker refuses in one sentence';
}

/** A checkpointer and a resume worker, which must refuse. @throws Error if one does not */
async function refusedLangGraph(folder: string, name: PackageName, code: Code): Promise<string> {
  await copyProgram('refusal.mjs', folder);
  const specifier = name === 'letsping-temporal' ? `${name}/langgraph` : name;
  const { stdout } = await mustRun(process.execPath, ['refusal.mjs', specifier], { cwd: folder, env: environment() });
  const thrown = JSON.parse(stdout) as { code: string | null; message: string }[];
  const problems = new Problems();
  for (const one of thrown) problems.check(one.code === code && isOneSentence(one.message), JSON.stringify(one));
  problems.assertNone();
  return 'checkpointer and resume worker refuse in one sentence';
}

const temporalTooOld: Cell = {
  name: 'refused version of Temporal',
  manager: 'npm',
  versions: 'Temporal 1.21.1',
  async run(lab) {
    // `envconfig` has no version of that time.
    const packages = TEMPORAL_PACKAGES.filter((one) => !one.endsWith('/envconfig')).map((one) => `${one}@1.21.1`);
    const npm = await createProject(lab, ['letsping-temporal'], { name: 'temporal-old-npm', packages }).then(
      () => 'npm installed it',
      (error: Error) => error.message,
    );
    if (!npm.includes('ERESOLVE')) throw new Error(`npm does not refuse the version by itself: ${npm.slice(-1_000)}`);
    const { folder } = await createProject(lab, ['letsping-temporal'], {
      name: 'temporal-old',
      packages: [...packages, '@temporalio/envconfig@1.22.0'],
      flags: ['--legacy-peer-deps'],
    });
    return `npm refuses; forced, ${await refusedWorker(folder, /@temporalio\/\w+ >=1\.22\.0 <1\.25\.0, but version 1\.21\.1 /)}`;
  },
};

/** A project that pins one part of the SDK: npm nests the version that the other parts want. */
const temporalTwice: Cell = {
  name: 'refused second copy of Temporal',
  manager: 'npm',
  versions: 'Temporal 1.23.0 in 1.24.0',
  async run(lab) {
    const others = TEMPORAL_PACKAGES.filter((one) => one !== '@temporalio/workflow').map((one) => `${one}@1.24.0`);
    const { folder } = await createProject(lab, ['letsping-temporal'], {
      name: 'temporal-twice',
      packages: ['@temporalio/workflow@1.23.0', ...others],
    });
    return refusedWorker(folder, /two copies of @temporalio\/workflow .*npm ls @temporalio\/workflow/);
  },
};

/** The LangGraph integration with what it imports when it is loaded, in versions that npm would not choose. */
const forced = (lab: Lab, langgraph: string) =>
  createProject(lab, ['letsping-temporal-langgraph'], {
    name: `langgraph-${langgraph}`,
    packages: [...peersOf({ temporal: '1.24.0', langgraph }), 'zod@4'],
    flags: ['--legacy-peer-deps'],
  });

const langGraphTooOld = (langgraph: string): Cell => ({
  name: 'refused version of LangGraph',
  manager: 'npm',
  versions: `LangGraph ${langgraph}`,
  async run(lab) {
    const { folder } = await forced(lab, langgraph);
    return refusedLangGraph(folder, 'letsping-temporal-langgraph', 'LETSPING_UNSUPPORTED_VERSION');
  },
});

const langGraphTwice: Cell = {
  name: 'refused second copy of LangGraph',
  manager: 'npm',
  versions: 'LangGraph 1.7.3 twice',
  async run(lab) {
    const { folder } = await forced(lab, '1.7.3');
    const [own, nested] = [
      'node_modules/@langchain',
      'node_modules/letsping-temporal-langgraph/node_modules/@langchain',
    ];
    await cp(join(folder, own, 'langgraph'), join(folder, nested, 'langgraph'), { recursive: true });
    return refusedLangGraph(folder, 'letsping-temporal-langgraph', 'LETSPING_TWO_COPIES');
  },
};

export const REFUSALS: Cell[] = [
  temporalTooOld,
  temporalTwice,
  langGraphTooOld('1.5.3'),
  langGraphTooOld('1.7.0'),
  langGraphTwice,
];
