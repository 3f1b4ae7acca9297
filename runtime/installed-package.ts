import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A package as Node resolves it from some file. `folder` is its real path: two copies of one version differ in it. */
export interface InstalledPackage {
  name: string;
  version: string;
  folder: string;
  dependencies: Record<string, string>;
}

/** Why this package refuses to start with what is installed. */
export interface InstallationFault {
  code: 'LETSPING_TWO_COPIES' | 'LETSPING_UNSUPPORTED_VERSION';
  /** One sentence: what was found, where, and what to do. */
  message: string;
}

/** Both packages that are cut from this build have names with this beginning. */
const OWN_NAME = /^letsping-temporal/;

/** The package `name` as `file` (path or URL) gets it; undefined where that cannot be found out. */
export function installedPackage(name: string, file: string): InstalledPackage | undefined {
  try {
    const path = realpathSync(createRequire(file).resolve(`${name}/package.json`));
    const { version, dependencies = {} } = JSON.parse(readFileSync(path, 'utf8'));
    return { name, version, folder: dirname(path), dependencies };
  } catch {
    return undefined;
  }
}

/**
 * This package's own manifest: the nearest one above the file at `url`. Undefined in a bundled program: what its files resolve
 * is not what the bundle contains.
 */
export function ownPackage(url: string): { folder: string; peers: Record<string, string> } | undefined {
  try {
    for (let folder = dirname(realpathSync(fileURLToPath(url))); folder !== dirname(folder); folder = dirname(folder)) {
      const manifest = manifestIn(folder);
      if (manifest?.name === undefined) continue;
      return OWN_NAME.test(manifest.name) ? { folder, peers: manifest.peerDependencies ?? {} } : undefined;
    }
  } catch {
    // Not a file on a disk.
  }
  return undefined;
}

function manifestIn(folder: string): { name?: string; peerDependencies?: Record<string, string> } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Whether `version` is in `range`: comparators `>=`, `<` and `^`, all of which must hold. A pre-release counts as its release. */
export const isInRange = (version: string, range: string): boolean =>
  range.split(/\s+/).every((comparator) => {
    const [, operator, text = ''] = /^(>=|<|\^)(.+)$/.exec(comparator) ?? [];
    const bound = numbersOf(text);
    const order = compare(numbersOf(version), bound);
    if (operator === '<') return order < 0;
    if (operator === '>=') return order >= 0;
    if (operator === '^') return order >= 0 && numbersOf(version)[0] === bound[0];
    throw new TypeError(`not a comparator: ${comparator}`);
  });

const numbersOf = (version: string): number[] => version.split('-')[0]!.split('.').map(Number);

function compare(a: number[], b: number[]): number {
  const different = [0, 1, 2].find((i) => (a[i] ?? 0) !== (b[i] ?? 0));
  return different === undefined ? 0 : (a[different] ?? 0) - (b[different] ?? 0);
}

export const unsupportedVersion = ({ name, version, folder }: InstalledPackage, range: string): InstallationFault => ({
  code: 'LETSPING_UNSUPPORTED_VERSION',
  message: `letsping-temporal works with ${name} ${range}, but version ${version} is installed in ${folder}: install a version of that range`,
});

/** `by` says who loads the copy. */
export const twoCopies = (
  ours: InstalledPackage & { by: string },
  other: InstalledPackage & { by: string },
): InstallationFault => ({
  code: 'LETSPING_TWO_COPIES',
  message: `two copies of ${ours.name} would work together: ${ours.by} loads ${ours.version} from ${ours.folder}, and ${other.by} loads ${other.version} from ${other.folder}; install one for both (npm ls ${ours.name})`,
});
