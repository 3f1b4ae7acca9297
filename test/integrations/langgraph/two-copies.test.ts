import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createProjectFolder, type ProjectFolder } from '../../helpers/project-folder.ts';

let project: ProjectFolder;
beforeEach(() => {
  project = createProjectFolder();
});
afterEach(() => project.remove());

const LANGGRAPH = '@langchain/langgraph';
const OWN = 'node_modules/letsping-temporal';

/** The parts of a program that pauses one thread and makes a resume worker. */
const STORE = `
const rows = [], pauses = new Map();
const store = {
  project_id: 'prj',
  putCheckpoint: async (head, body, values) => void rows.push({ head, body, values, writes: [], sends: [] }),
  putWrites: async () => {}, linkInterrupt: async () => {}, linkedInterrupts: async () => [],
  listCheckpoints: async () => rows.slice(-1),
  readPause: async (thread, key) => pauses.get(key),
  putPause: async (thread, key, value) => (pauses.set(key, value), value),
};
const lp = { open: async () => ({ id: 'req_1', status: 'PENDING' }), getStatus: async () => ({}) };
const report = (name, work) => Promise.resolve().then(work).then(
  () => console.log(JSON.stringify({ [name]: 'done' })),
  (error) => console.log(JSON.stringify({ [name]: { code: error.code ?? error.name, message: error.message } })),
);
`;
const MAKE_SAVER = `const makeSaver = () => new LetsPingCheckpointer({ store, lp, graph: 'g' });\n`;
const GRAPH = `
const compile = (checkpointer) => new StateGraph(Annotation.Root({ x: Annotation() }))
  .addNode('ask', async (state, config) => { await pause(lp, { service: 's', action: 'a', payload: {} }, config); return {}; })
  .addEdge('__start__', 'ask').compile({ checkpointer });
const invoke = async (graph) => {
  const { __interrupt__: asked } = await graph.invoke({ x: 1 }, { configurable: { thread_id: 't' } });
  if (asked?.length !== 1) throw new Error('the graph did not pause');
};
`;
const MAIN = `
let saver, graph;
await report('saver', () => { saver = makeSaver(); });
if (saver) {
  graph = compile(saver);
  await report('run', () => invoke(graph));
  await report('worker', () => { resumeWorker({ graphs: { g: graph } }); });
}
`;
const FROM_US = `import { LetsPingCheckpointer, pause, resumeWorker } from 'letsping-temporal/langgraph';\n`;
const FROM_LANGGRAPH = `import { Annotation, StateGraph, entrypoint } from '${LANGGRAPH}';\n`;
const PROGRAM = FROM_US + FROM_LANGGRAPH + STORE + MAKE_SAVER + GRAPH + MAIN;

type Reported = Record<string, 'done' | { code: string; message: string }>;

function run(file: string): Reported {
  const { stdout, stderr, status } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return Object.assign(
    {},
    ...stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
}
const program = (text = PROGRAM, path = 'program.mjs') => run(project.write(path, text));

/** Another LangGraph: in the old form if `version` is before 1.7, without the names that it lacks. */
function otherLangGraph(version: string, into = ''): string {
  const folder = project.copy(LANGGRAPH, { into, version });
  if (version < '1.7')
    for (const file of ['index.js', 'web.js']) {
      const path = join(folder, 'dist', file);
      const text = readFileSync(path, 'utf8').replace(/^export \{.*$/m, (names) =>
        names.replace(' isInvalidResume,', '').replace(' isUnknownInterruptError,', ''),
      );
      writeFileSync(path, text);
    }
  return folder;
}

const SUPPORTED = { saver: 'done', run: 'done', worker: 'done' };

test('one copy works, in an ES module and in a CommonJS program, which has the CommonJS form of the same copy', () => {
  expect(program()).toEqual(SUPPORTED);
  const commonJs = PROGRAM.replace(/^import (\{.*\}) from ('.*');$/gm, 'const $1 = require($2);').replace(
    MAIN,
    `(async () => {${MAIN}})();`,
  );
  expect(program(commonJs, 'program.cjs')).toEqual(SUPPORTED);
});

test('graphs of the functional API and derived classes are not refused', () => {
  const derived = PROGRAM.replace(
    'new LetsPingCheckpointer',
    'new (class Own extends LetsPingCheckpointer {})',
  ).replace(
    'graph = compile(saver);',
    `graph = Object.setPrototypeOf(compile(saver), class extends compile(saver).constructor {}.prototype);
     await report('functional', () => { resumeWorker({ graphs: { g: entrypoint({ name: 'g', checkpointer: saver }, async () => 1) } }); });`,
  );
  expect(program(derived)).toEqual({ ...SUPPORTED, functional: 'done' });
});

test('a version outside the range is refused when a checkpointer is made, also one that lacks what we import', () => {
  for (const version of ['1.5.3', '1.7.0']) {
    const folder = otherLangGraph(version);
    expect(program(), version).toEqual({
      saver: {
        code: 'LETSPING_UNSUPPORTED_VERSION',
        message: `letsping-temporal works with ${LANGGRAPH} >=1.7.1 <2, but version ${version} is installed in ${folder}: install a version of that range`,
      },
    });
  }
});

test('a checkpointer is refused in a file that loads another copy: a linked package, or two versions in one repository', () => {
  const ours = project.copy(LANGGRAPH, { into: OWN });
  for (const version of ['1.7.3', '1.5.3']) {
    const theirs = otherLangGraph(version);
    expect(program(), version).toEqual({
      saver: {
        code: 'LETSPING_TWO_COPIES',
        message: `two copies of ${LANGGRAPH} would work together: letsping-temporal loads 1.7.3 from ${ours}, and ${project.folder}/program.mjs loads ${version} from ${theirs}; install one for both (npm ls ${LANGGRAPH})`,
      },
    });
  }
});

test('a graph that another copy compiled is refused when it runs, and when a worker is made for it', () => {
  const theirs = project.copy(LANGGRAPH, { into: 'team', version: '1.7.9' });
  project.write('team/graph.mjs', `${FROM_US}${FROM_LANGGRAPH}${STORE}${GRAPH}export { compile, invoke };`);
  const reported = program(
    `${FROM_US}import { compile, invoke } from './team/graph.mjs';\n${STORE}${MAKE_SAVER}${MAIN}`,
  );
  expect(reported).toMatchObject({
    saver: 'done',
    run: {
      code: 'LETSPING_TWO_COPIES',
      message: expect.stringContaining(`, and the running graph loads 1.7.9 from ${theirs}; install one for both`),
    },
    worker: {
      code: 'LETSPING_TWO_COPIES',
      message: expect.stringMatching(
        /letsping-temporal loads 1\.7\.\d+ from .*, and another one compiled graph g; install/,
      ),
    },
  });
});

test('pause and resumeWorker refuse the checkpointer of another copy of this package', () => {
  const second = join(project.folder, 'second/node_modules/letsping-temporal');
  for (const part of ['dist', 'package.json'])
    cpSync(join(project.folder, OWN, part), join(second, part), { recursive: true });
  project.write('second/saver.mjs', `export { LetsPingCheckpointer } from 'letsping-temporal/langgraph';`);
  const text = PROGRAM.replace('LetsPingCheckpointer, ', '').replace(
    FROM_LANGGRAPH,
    `${FROM_LANGGRAPH}import { LetsPingCheckpointer } from './second/saver.mjs';\n`,
  );
  const message = expect.stringMatching(/^two copies of letsping-temporal would .*\/second\/.*install one/);
  expect(program(text)).toEqual({
    saver: 'done',
    run: { code: 'LETSPING_TWO_COPIES', message },
    worker: { code: 'LETSPING_TWO_COPIES', message },
  });
});

test("resumeWorker refuses a second copy in Temporal's SDK, and a connection of another copy", () => {
  const connected = (folder: string) =>
    PROGRAM.replace('graphs: { g: graph }', 'graphs: { g: graph }, connection: NativeConnection.createNew').replace(
      FROM_US,
      `${FROM_US}import worker from '${folder}';
       const NativeConnection = { createNew: Object.create(worker.NativeConnection.prototype) };\n`,
    );
  expect(program(connected('@temporalio/worker'))).toEqual(SUPPORTED);
  const other = project.copy('@temporalio/worker', { into: 'other' });
  expect(program(connected(`${other}/lib/index.js`))).toMatchObject({
    worker: {
      code: 'LETSPING_TWO_COPIES',
      message: expect.stringMatching(
        /^two copies of @temporalio\/worker would .*not a NativeConnection of it; install/,
      ),
    },
  });

  project.copy('@temporalio/worker');
  const common = project.copy('@temporalio/common', { into: 'node_modules/@temporalio/worker', version: '1.23.0' });
  expect(program()).toMatchObject({
    run: 'done',
    worker: {
      code: 'LETSPING_TWO_COPIES',
      message: expect.stringContaining(`@temporalio/worker loads 1.23.0 from ${common}`),
    },
  });
});

test('a bundled program has no manifests: what lies beside it counts for nothing, and an old LangGraph inside is refused', async () => {
  const bundled = async () => {
    await build({
      root: project.folder,
      configFile: false,
      logLevel: 'silent',
      ssr: { noExternal: true, external: ['@temporalio/activity', '@temporalio/worker', '@temporalio/envconfig'] },
      build: { ssr: project.write('program.mjs', PROGRAM), outDir: 'bundle', target: 'node20', minify: false },
    });
    renameSync(join(project.folder, OWN), join(project.folder, 'hidden'));
    const reported = run(join(project.folder, 'bundle/program.js'));
    renameSync(join(project.folder, 'hidden'), join(project.folder, OWN));
    return reported;
  };
  project.write('package.json', '{"name":"team","type":"module"}');
  const good = await bundled();
  expect(good).toEqual(SUPPORTED);

  otherLangGraph('1.5.3');
  expect(await bundled()).toEqual({
    saver: {
      code: 'LETSPING_UNSUPPORTED_VERSION',
      message: expect.stringMatching(
        /^letsping-temporal works with LangGraph 1\.7\.1 or newer, but this program contains an older @langchain\/langgraph: install/,
      ),
    },
  });
});
