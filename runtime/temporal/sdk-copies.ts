import { createRequire } from 'node:module';
import {
  type InstallationFault,
  type InstalledPackage,
  installedPackage,
  isInRange,
  ownPackage,
  twoCopies,
  unsupportedVersion,
} from '../installed-package.ts';

/**
 * The packages of Temporal's SDK that share classes and formats. With two copies of `workflow` in one bundle every workflow task
 * fails, with two copies of the others a check of a class or a version fails much later.
 */
const PACKAGES = ['worker', 'workflow', 'activity', 'client', 'common'].map((name) => `@temporalio/${name}`);
const OURS = 'letsping-temporal';

/**
 * Why the installed SDK cannot run our code: a version outside the range of our manifest, or a part of the SDK that loads another
 * copy of a second part than we do. Undefined if nothing is wrong, or in a bundled program. Only manifests are read: the SDK is
 * not loaded.
 */
export function sdkFault(file: string = import.meta.url): InstallationFault | undefined {
  const own = ownPackage(file);
  if (!own) return undefined;
  const found = new Map<string, InstalledPackage & { by: string }>();
  for (const name of PACKAGES) {
    const installed = installedPackage(name, file);
    if (!installed) continue;
    const range = own.peers[name];
    if (range !== undefined && !isInRange(installed.version, range)) return unsupportedVersion(installed, range);
    found.set(name, { ...installed, by: OURS });
  }
  for (const holder of [...found.values()])
    for (const name of PACKAGES.filter((one) => Object.hasOwn(holder.dependencies, one))) {
      const loaded = installedPackage(name, `${holder.folder}/package.json`);
      if (!loaded) continue;
      const other = { ...loaded, by: holder.name };
      const ours = found.get(name);
      if (!ours) found.set(name, other);
      else if (ours.folder !== other.folder) return twoCopies(ours, other);
    }
  return undefined;
}

/** Why a worker of ours cannot use this connection: it is of another copy of `@temporalio/worker`, so our native part does not know it. */
export function connectionFault(connection: object, file: string = import.meta.url): InstallationFault | undefined {
  let NativeConnection: new () => unknown;
  try {
    ({ NativeConnection } = createRequire(file)('@temporalio/worker'));
  } catch {
    return undefined;
  }
  if (connection instanceof NativeConnection) return undefined;
  const ours = installedPackage('@temporalio/worker', file);
  return {
    code: 'LETSPING_TWO_COPIES',
    message: `two copies of @temporalio/worker would work together: ${OURS} loads ${ours?.version} from ${ours?.folder}, and the connection is not a NativeConnection of it; install one for both (npm ls @temporalio/worker)`,
  };
}
