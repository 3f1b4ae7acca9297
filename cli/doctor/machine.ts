import { createServer } from 'node:net';
import type { Config } from '../../runtime/config.ts';
import { sdkFault } from '../../runtime/temporal/sdk-copies.ts';
import { type CheckResult, fail, ok, warn } from './check.ts';

const [OLDEST_MAJOR, OLDEST_MINOR] = [20, 19];
const SUPPORTED_MAJOR = 22;

export function nodeVersion(version: string): CheckResult {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST_MAJOR || (major === OLDEST_MAJOR && minor < OLDEST_MINOR))
    return fail('node', `Node ${version} is too old`, `use Node ${OLDEST_MAJOR}.${OLDEST_MINOR} or newer, best 24`);
  if (major < SUPPORTED_MAJOR) return warn('node', `Node ${version} works, but is past its end of life`, 'use Node 24');
  return ok('node', `Node ${version}`);
}

export function temporalSdk(fault = sdkFault()): CheckResult {
  if (fault)
    return fail(
      'temporal sdk',
      fault.message,
      'npm ls @temporalio/common, then npm dedupe or one version of all of them',
    );
  return ok('temporal sdk', 'one copy, of a tested version');
}

const listenError = (host: string, port: number) =>
  new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });

const isOurs = async (port: number, path: string): Promise<boolean> => {
  try {
    return (
      await (await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2_000) })).text()
    ).includes('alive');
  } catch {
    return false;
  }
};

async function port(check: string, variable: string, host: string, number: number): Promise<CheckResult> {
  const error = await listenError(host, number);
  if (!error) return ok(check, `${host}:${number} is free`);
  if (error.code === 'EADDRINUSE' && (await isOurs(number, '/livez')))
    return ok(check, `${host}:${number} is used by a letsping process`);
  if (error.code === 'EADDRINUSE')
    return fail(check, `${host}:${number} is used by another program`, `set ${variable} to another port`);
  return fail(check, `nothing can listen on ${host}:${number} (${error.code})`, `check ${variable} and its host`);
}

export async function ports(config: Config): Promise<CheckResult[]> {
  const found = [await port('port', 'LETSPING_PORT', config.host, config.port)];
  if (config.metrics_port !== 0)
    found.push(await port('metrics port', 'LETSPING_METRICS_PORT', config.metrics_host, config.metrics_port));
  return found;
}
