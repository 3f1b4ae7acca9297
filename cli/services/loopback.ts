import { isIPv4 } from 'node:net';
import { ServiceFailed } from './service-failed.ts';

/** The hosts that a target names. A `postgres://` URL may also name one in its query, which the driver prefers. */
function hostsOf(target: string): string[] {
  if (/^postgres(ql)?:\/\//.test(target)) {
    const url = new URL(target);
    const named = [...url.searchParams.getAll('host'), ...url.searchParams.getAll('hostaddr')];
    return [url.hostname, ...named].flatMap((hosts) => hosts.split(','));
  }
  return [target.replace(/^[a-z0-9+.-]+:\/\/\/?/i, '').replace(/:\d+$/, '')];
}

const isLoopback = (host: string) => {
  const bare = decodeURIComponent(host)
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  const socketOnThisMachine = bare === '' || bare.startsWith('/');
  return socketOnThisMachine || bare === 'localhost' || bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'));
};

/**
 * Refuses a database URL or Temporal address outside this machine: a demo or a test must not change the data of a
 * `DATABASE_URL` that the shell happens to have. `LETSPING_ALLOW_REMOTE=1` allows it. The message names the host, not
 * the URL, which may hold a password.
 * @throws ServiceFailed `remote_refused`
 */
export function assertLoopback(target: string, env: NodeJS.ProcessEnv): void {
  if (env['LETSPING_ALLOW_REMOTE'] === '1') return;
  const remote = hostsOf(target).find((host) => !isLoopback(host));
  if (remote === undefined) return;
  const variable = /^postgres(ql)?:\/\//.test(target) ? 'DATABASE_URL' : 'TEMPORAL_ADDRESS';
  throw new ServiceFailed(
    'remote_refused',
    `${variable} names ${remote}, which is not this machine: local runs use local services only`,
    `unset ${variable}, or set LETSPING_ALLOW_REMOTE=1 if you mean it`,
  );
}
