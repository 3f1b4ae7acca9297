import { createRequire } from 'node:module';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as langgraph from '@langchain/langgraph';
import { Pregel } from '@langchain/langgraph/pregel';
import * as checkpoint from '@langchain/langgraph-checkpoint';
import { LetsPingError } from '../../client/errors.ts';
import {
  type InstallationFault,
  type InstalledPackage,
  installedPackage,
  isInRange,
  ownPackage,
  twoCopies,
  unsupportedVersion,
} from '../../runtime/installed-package.ts';

const LANGGRAPH = '@langchain/langgraph';
const CHECKPOINT = '@langchain/langgraph-checkpoint';
const OURS = 'letsping-temporal';

/** What this module resolves, read once. Both are undefined in a bundled program, where only the probes work. */
let read: { langgraph: InstalledPackage | undefined; folder: string | undefined; fault: InstallationFault | undefined };

function installed(): typeof read {
  read ??= (() => {
    const own = ownPackage(import.meta.url);
    const found = own ? installedPackage(LANGGRAPH, import.meta.url) : undefined;
    return { langgraph: found, folder: own?.folder, fault: versionFault(own?.peers ?? {}) ?? probeFault() };
  })();
  return read;
}

function versionFault(peers: Record<string, string>): InstallationFault | undefined {
  for (const name of [LANGGRAPH, CHECKPOINT]) {
    const range = peers[name];
    const found = range === undefined ? undefined : installedPackage(name, import.meta.url);
    if (range !== undefined && found && !isInRange(found.version, range)) return unsupportedVersion(found, range);
  }
  return undefined;
}

/** Names that came with the oldest tested version. Namespace imports, because a missing name would fail the import itself. */
function probeFault(): InstallationFault | undefined {
  const missing = Object.entries({
    [LANGGRAPH]: typeof langgraph.isUnknownInterruptError,
    [CHECKPOINT]: typeof checkpoint.compareWritesSortKeys,
  }).find(([, type]) => type !== 'function');
  return missing && tooOld(missing[0]);
}

const tooOld = (name: string): InstallationFault => ({
  code: 'LETSPING_UNSUPPORTED_VERSION',
  message: `letsping-temporal works with LangGraph 1.7.1 or newer, but this program contains an older ${name}: install a version of the range in the peer dependencies of letsping-temporal`,
});

const raise = ({ code, message }: InstallationFault): never => {
  throw new LetsPingError(code, message);
};

/**
 * For what an application creates. Also refuses if the calling file loads another LangGraph than we do: its graphs then run on
 * that copy. A caller whose LangGraph cannot be found passes.
 * @throws LetsPingError `LETSPING_UNSUPPORTED_VERSION`, `LETSPING_TWO_COPIES`
 */
export function assertOneLangGraph(): void {
  const { langgraph: ours, folder, fault } = installed();
  if (fault) raise(fault);
  if (!ours || folder === undefined) return;
  const caller = callingFiles().find((file) => !file.startsWith(folder + sep));
  const theirs = caller === undefined ? undefined : installedPackage(LANGGRAPH, caller);
  if (caller !== undefined && theirs && theirs.folder !== ours.folder)
    raise(twoCopies({ ...ours, by: OURS }, { ...theirs, by: caller }));
}

/**
 * For what LangGraph calls: the caller is the copy that runs the graph. Returns whether it could be found.
 * @throws LetsPingError `LETSPING_TWO_COPIES`
 */
export function assertRunningLangGraph(): boolean {
  const { langgraph: ours } = installed();
  const running = callingFiles().find((file) => RUNNER.test(file));
  if (!ours || running === undefined) return false;
  const theirs = installedPackage(LANGGRAPH, running);
  if (theirs && theirs.folder !== ours.folder)
    raise(twoCopies({ ...ours, by: OURS }, { ...theirs, by: 'the running graph' }));
  return true;
}

/**
 * Refuses a graph that another copy compiled. A CommonJS program has the classes of the same copy in their CommonJS form.
 * @throws LetsPingError `LETSPING_TWO_COPIES`
 */
export function assertOwnGraph(name: string, graph: unknown): void {
  const { langgraph: ours } = installed();
  if (!ours || (graph as { lg_is_pregel?: unknown }).lg_is_pregel !== true || graph instanceof Pregel) return;
  try {
    if (graph instanceof createRequire(import.meta.url)(`${LANGGRAPH}/pregel`).Pregel) return;
  } catch {
    return;
  }
  raise({
    code: 'LETSPING_TWO_COPIES',
    message: `two copies of ${LANGGRAPH} would work together: ${OURS} loads ${ours.version} from ${ours.folder}, and another one compiled graph ${name}; install one for both (npm ls ${LANGGRAPH})`,
  });
}

/** The questions in a write of an interrupt. LangGraph before 1.7 wrote one question instead of a list. */
export function questionsIn(value: unknown): { id?: string; value: unknown }[] {
  if (!Array.isArray(value)) raise(tooOld(LANGGRAPH));
  return value as { id?: string; value: unknown }[];
}

const RUNNER = /[\\/]@langchain[\\/]langgraph[\\/]/;
const FRAME = /(?:\(|at (?:async )?)((?:file:\/\/|\/|[a-zA-Z]:[\\/]).*?):\d+:\d+\)?$/;

/** Paths of the files of the current stack, the innermost first. */
function callingFiles(): string[] {
  const { stack } = new Error();
  if (typeof stack !== 'string') return [];
  const files = stack.split('\n').flatMap((line) => FRAME.exec(line)?.[1] ?? []);
  return files.map((file) => (file.startsWith('file:') ? fileURLToPath(file) : file));
}
