import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker';

const BUILT = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
/** `.js` in the build, `.ts` in a checkout. */
const source = (path: string) =>
  fileURLToPath(new URL(`../${path}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

/** The payload converter is part of the bundle, so whatever runs or replays our workflows has it. */
export const bundleWorkflows = () =>
  bundleWorkflowCode({
    workflowsPath: source('workflows/index'),
    payloadConverterPath: source('runtime/temporal/payload-converter'),
    logger: new DefaultLogger('WARN'),
  });

/** Begins a built bundle: the SDK whose workflow code it contains. On the first line, as source maps count lines. */
const headOf = (version: string) => `/* @temporalio/workflow ${version} */ `;

const { version } = createRequire(import.meta.url)('@temporalio/workflow/package.json') as { version: string };

/**
 * The bundle of `npm run build` if it contains the installed SDK, which a team chooses (a peer dependency); a worker of another
 * version would not understand it. Otherwise a new one, which takes 1 to 2 s.
 */
export async function workflowBundle(): Promise<WorkflowBundleOption> {
  const built = await readFile(BUILT, 'utf8').catch(() => '');
  return built.startsWith(headOf(version)) ? { codePath: BUILT } : bundleWorkflows();
}

/** The bundle with relative paths in its source map: the published file must not depend on the folder it was built in. */
function withRelativePaths(code: string): string {
  const at = code.lastIndexOf('base64,') + 'base64,'.length;
  const map = Buffer.from(code.slice(at), 'base64').toString();
  const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
  return code.slice(0, at) + Buffer.from(map.replaceAll(root, '.')).toString('base64');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { code } = await bundleWorkflows();
  await writeFile(BUILT, headOf(version) + withRelativePaths(code));
}
