import { status } from '@grpc/grpc-js';
import type { Connection } from '@temporalio/client';
import { temporalClient, temporalSettings } from './client.ts';
import { grpcStatus } from './errors.ts';

/** Temporal is available, and this process cannot work with it. The message is one sentence that says what to do. */
export class TemporalRefused extends Error {
  override readonly name = 'TemporalRefused';
}

const UNREACHABLE = [status.DEADLINE_EXCEEDED, status.UNAVAILABLE];
const DENIED: Partial<Record<status, string>> = {
  [status.PERMISSION_DENIED]: 'lacks a permission',
  [status.UNAUTHENTICATED]: 'is not accepted',
};

/** From this release on, the server has Updates (a decision is one) and conflict policies on by default. */
export const OLDEST_SERVER = '1.25.0';
const TRY_FOR_MS = 10_000;
const TRY_EVERY_MS = 100;

export const isOlder = (version: string, than: string): boolean => {
  const numbers = (text: string) =>
    (/^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? []).slice(1).map((part) => Number(part ?? 0));
  const [a, b] = [numbers(version), numbers(than)];
  if (a.length === 0) return false; // not a release number: a build of one's own
  for (let i = 0; i < 3; i++) if ((a[i] ?? 0) !== (b[i] ?? 0)) return (a[i] ?? 0) < (b[i] ?? 0);
  return false;
};

/** The refusal behind an error of a call on a namespace. Undefined: Temporal is unavailable, or the error is of another kind. */
export function refusalOfTemporal(error: unknown, namespace: string, what: string): TemporalRefused | undefined {
  const code = grpcStatus(error);
  if (code === undefined || UNREACHABLE.includes(code)) return undefined;
  const refused = (message: string) => new TemporalRefused(message, { cause: error });
  if (code === status.NOT_FOUND)
    return refused(
      `the Temporal namespace ${JSON.stringify(namespace)} does not exist: create it (temporal operator namespace create --namespace ${namespace}) or set TEMPORAL_NAMESPACE`,
    );
  if (code in DENIED)
    return refused(
      `the Temporal credential ${DENIED[code]} on the namespace ${JSON.stringify(namespace)} (${what}): give it the role "writer" there, in Temporal Cloud "Write", and check TEMPORAL_API_KEY or TEMPORAL_TLS_CLIENT_CERT_PATH`,
    );
  if (code === status.UNIMPLEMENTED)
    return refused(`this Temporal server cannot ${what}: it is too old, use ${OLDEST_SERVER} or newer`);
  return undefined;
}

export interface TemporalAccess {
  version: string;
}

/**
 * Checks version, namespace and credential.
 * @throws TemporalRefused; the SDK's error when Temporal is unavailable.
 */
export async function temporalAccess(connection: Connection, namespace: string): Promise<TemporalAccess> {
  try {
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    const version = serverVersion ?? '';
    if (isOlder(version, OLDEST_SERVER))
      throw new TemporalRefused(`this Temporal server is ${version}, which is too old: use ${OLDEST_SERVER} or newer`);
    const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
    // A server that reports no capabilities is judged by its version.
    if (namespaceInfo?.capabilities && !namespaceInfo.capabilities.syncUpdate) {
      throw new TemporalRefused(
        `the Temporal namespace ${JSON.stringify(namespace)} does not accept Updates, which decisions need: set frontend.enableUpdateWorkflowExecution to true, or use a server of ${OLDEST_SERVER} or newer`,
      );
    }
    return { version };
  } catch (error) {
    throw refusalOfTemporal(error, namespace, 'describe the namespace') ?? error;
  }
}

/**
 * Runs before a process starts. Waits up to 10 s for a namespace that does not exist yet (a server that boots). When Temporal is
 * unavailable, `go on` starts anyway, and `wait` waits up to 10 s too.
 * @throws TemporalRefused; with `wait` the SDK's error when Temporal stays unavailable.
 */
export async function refuseTemporal(
  env: NodeJS.ProcessEnv,
  { whenUnavailable }: { whenUnavailable: 'go on' | 'wait' },
): Promise<void> {
  const { connection } = temporalClient(env);
  const { namespace } = temporalSettings(env);
  const end = Date.now() + TRY_FOR_MS;
  try {
    for (;;) {
      try {
        await temporalAccess(connection, namespace);
        return;
      } catch (error) {
        const isMissing = error instanceof TemporalRefused && grpcStatus(error.cause) === status.NOT_FOUND;
        const isUnavailable = !(error instanceof TemporalRefused);
        if (isUnavailable && whenUnavailable === 'go on') return;
        if (!(isMissing || isUnavailable) || Date.now() >= end) throw error;
        await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
      }
    }
  } finally {
    await connection.close();
  }
}
