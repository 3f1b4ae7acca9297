import { type Cell, type Manager, Problems } from '../cell.ts';
import { environment, PACKAGES, type PackageName } from '../lab.ts';
import { consumerProject, copyProgram } from '../project.ts';
import { mustRun } from '../run-program.ts';

/** The exports of each package, and a name that each must have. */
const EXPORTS: Record<PackageName, Record<string, string>> = {
  'letsping-temporal': {
    '.': 'LetsPing',
    './contracts': 'Policy',
    './firewall': 'screenAction',
    './firewall/parsers': 'loadParsers',
    './langgraph': 'LetsPingCheckpointer',
    './receipts': 'verifyReceipt',
    './storage': 'openThreadStore',
    './workflow': 'approvalV1',
    './package.json': 'version',
  },
  'letsping-temporal-client': { '.': 'LetsPing', './package.json': 'version' },
  'letsping-temporal-langgraph': { '.': 'LetsPingCheckpointer', './package.json': 'version' },
};

type Loaded = Record<string, { names: string[]; same: boolean }>;

/** Loads every export in a project. @throws Error that names each export that is missing, empty or unknown. */
export async function loadExports(folder: string, name: PackageName, nodeBinary: string): Promise<number> {
  await copyProgram('exports.mjs', folder);
  const env = environment(nodeBinary);
  const { stdout } = await mustRun(nodeBinary, ['exports.mjs', name], { cwd: folder, env });
  const loaded = JSON.parse(stdout) as Loaded;
  const problems = new Problems();
  for (const path of new Set([...Object.keys(EXPORTS[name]), ...Object.keys(loaded)])) {
    const [wanted, found] = [EXPORTS[name][path], loaded[path]];
    problems.check(wanted !== undefined, `${path} is exported, and this test does not know it`);
    problems.check(found !== undefined, `${path} is not exported`);
    if (wanted === undefined || found === undefined) continue;
    problems.check(found.names.includes(wanted), `${path} has no ${wanted}: ${found.names.join(', ')}`);
    problems.check(found.same, `${path}: import and require differ`);
  }
  problems.assertNone();
  return Object.keys(loaded).length;
}

const exportsCell = (name: PackageName, node: string, manager: Manager): Cell => ({
  name: `exports ${name}`,
  node,
  manager,
  async run(lab) {
    const { folder } = await consumerProject(lab, name, manager);
    return `${await loadExports(folder, name, await lab.node(node))} exports by import and by require`;
  },
});

export const EXPORT_CELLS: Cell[] = PACKAGES.flatMap((name) => [
  ...['20', '22', '24'].map((node) => exportsCell(name, node, 'npm')),
  exportsCell(name, '24', 'pnpm'),
]);
