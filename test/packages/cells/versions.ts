import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cell, Problems } from '../cell.ts';
import { compileConsumers } from '../compile.ts';
import { environment, type Lab, PACKAGES } from '../lab.ts';
import { sharedDev, startDev } from '../local-system.ts';
import { consumerProject, createProject, installedPackages } from '../project.ts';
import { mustRun } from '../run-program.ts';
import { oneApproval, onePauseAndResume } from '../scenario.ts';

interface Versions {
  node: string;
  temporal: string;
  langgraph: string;
}

/** Oldest and newest of each range, and each supported Node. */
const TESTED: Versions[] = [
  { node: '20', temporal: '1.22.0', langgraph: '1.7.1' },
  { node: '22', temporal: '1.23.0', langgraph: '1.7.3' },
  { node: '24', temporal: '1.24.0', langgraph: '1.7.3' },
];

export const TEMPORAL_PACKAGES = ['activity', 'client', 'common', 'envconfig', 'worker', 'workflow'].map(
  (name) => `@temporalio/${name}`,
);
/** Packages that hold state or classes: two copies of one do not work together. */
const SINGLE = /^(?:@temporalio\/.*|@langchain\/(?:core|langgraph|langgraph-checkpoint)|letsping-temporal.*)$/;

export const peersOf = ({ temporal, langgraph }: Pick<Versions, 'temporal' | 'langgraph'>): string[] => [
  ...TEMPORAL_PACKAGES.map((name) => `${name}@${temporal}`),
  `@langchain/langgraph@${langgraph}`,
  '@langchain/core',
  '@langchain/langgraph-checkpoint',
];

async function oneCopyOfEach(folder: string, { temporal, langgraph }: Versions): Promise<void> {
  const copies = new Map<string, string[]>();
  for (const { name, version } of await installedPackages(folder))
    if (SINGLE.test(name)) copies.set(name, [...(copies.get(name) ?? []), version]);
  const problems = new Problems();
  const wanted = new Map([
    ...TEMPORAL_PACKAGES.map((name) => [name, temporal] as const),
    ['@langchain/langgraph', langgraph],
  ]);
  for (const [name, version] of wanted)
    problems.check(copies.get(name)?.[0] === version, `${name} ${copies.get(name)} is installed, not ${version}`);
  problems.check(copies.has('@langchain/core'), '@langchain/core is not installed');
  for (const [name, versions] of copies)
    problems.check(versions.length === 1, `${versions.length} copies of ${name}: ${versions.join(', ')}`);
  problems.assertNone();
}

const BUNDLE = `
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
const workflowsPath = fileURLToPath(import.meta.resolve('letsping-temporal/workflow'));
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
for (const name of ['approvalV1', 'deliveryV1', 'reconcileV1', 'resumeThreadV1'])
  if (!code.includes(name)) throw new Error(\`the bundle has no \${name}\`);
console.log(code.length);
`;

/** Bundles the exported workflows with the SDK of the project. Resolves to the size of the bundle. */
async function bundle(folder: string, nodeBinary: string): Promise<number> {
  await writeFile(join(folder, 'bundle.mjs'), BUNDLE);
  const { stdout } = await mustRun(nodeBinary, ['bundle.mjs'], { cwd: folder, env: environment(nodeBinary) });
  return Number(stdout.trim().split('\n').at(-1));
}

async function wholeStory(lab: Lab, versions: Versions): Promise<string> {
  const nodeBinary = await lab.node(versions.node);
  const { folder } = await createProject(lab, ['letsping-temporal', 'letsping-temporal-client'], {
    name: `versions-${versions.temporal}-${versions.langgraph}`,
    packages: [...peersOf(versions), '@types/node@20'],
    env: environment(nodeBinary),
  });
  await oneCopyOfEach(folder, versions);
  const [size, small, whole] = [
    await bundle(folder, nodeBinary),
    await compileConsumers(lab, folder, 'letsping-temporal-client', ['approval', 'approval-in-node']),
    await compileConsumers(lab, folder, 'letsping-temporal', ['thread']),
  ];
  lab.say('letsping dev of the installed package');
  const system = await startDev(lab, folder, nodeBinary);
  try {
    await oneApproval(system, small, nodeBinary);
    await onePauseAndResume(system, whole, nodeBinary);
  } finally {
    await system.stop();
  }
  return `one copy of each; bundle ${(size / 1e6).toFixed(1)} MB; one approval, one pause and resume`;
}

/** A project of the small packages with zod 3: the server's package has its own zod 4 beside it, as its store needs it. */
const zod3: Cell = {
  name: 'versions with zod 3',
  manager: 'npm',
  versions: 'zod 3.25.76, LangGraph 1.7.3',
  async run(lab) {
    const { folder } = await createProject(lab, PACKAGES, {
      name: 'zod-3',
      packages: ['zod@3.25.76', '@langchain/langgraph@1.7.3', '@types/node@20'],
    });
    const zods = (await installedPackages(folder)).filter(({ name }) => name === 'zod');
    const own = zods.find((one) => one.folder === join(folder, 'node_modules/zod'));
    if (own?.version !== '3.25.76') throw new Error(`the project has zod ${own?.version}`);
    const app = await compileConsumers(lab, folder, 'letsping-temporal-langgraph', ['thread']);
    await onePauseAndResume(await sharedDev(lab), app, process.execPath);
    return `letsping-temporal-langgraph beside zod ${zods.map(({ version }) => version).join(' and ')}; one pause and resume`;
  },
};

/** `require` loads LangGraph's CommonJS build, and this package its ES modules: two builds of one copy. */
const commonJs: Cell = {
  name: 'versions CommonJS',
  manager: 'npm',
  async run(lab) {
    const { folder } = await consumerProject(lab, 'letsping-temporal');
    const app = await compileConsumers(lab, folder, 'letsping-temporal', ['thread'], 'commonjs');
    if (!(await readFile(join(app, 'thread.js'), 'utf8')).includes('require("@langchain/langgraph")'))
      throw new Error('the program does not require LangGraph');
    await onePauseAndResume(await sharedDev(lab), app, process.execPath);
    return 'a program that requires LangGraph; one pause and resume';
  },
};

const WHOLE: Cell[] = TESTED.map((versions) => ({
  name: 'versions',
  node: versions.node,
  manager: 'npm',
  versions: `Temporal ${versions.temporal}, LangGraph ${versions.langgraph}`,
  run: (lab) => wholeStory(lab, versions),
}));
export const VERSIONS: Cell[] = [...WHOLE, zod3, commonJs];
