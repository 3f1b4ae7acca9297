import { isIPv4 } from 'node:net';
import { CommandFailed } from '../command.ts';

/** Host names a target resolves to: a `postgres://` URL may name another one in its query, which then wins. */
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
 * Refuses a database URL or Temporal address outside this machine, so that a shell's `DATABASE_URL` never loses
 * data to a demo or a test. `LETSPING_ALLOW_REMOTE=1` lifts it. The message names the host, never the URL.
 * @throws CommandFailed `remote_refused`
 */
export function assertLoopback(target: string, env: NodeJS.ProcessEnv): void {
  if (env['LETSPING_ALLOW_REMOTE'] === '1') return;
  const remote = hostsOf(target).find((host) => !isLoopback(host));
  if (remote === undefined) return;
  const variable = /^postgres(ql)?:\/\//.test(target) ? 'DATABASE_URL' : 'TEMPORAL_ADDRESS';
  throw new CommandFailed(
    'remote_refused',
    `${variable} names ${remote}, which is not this machine: local runs keep to local services`,
    `unset ${variable}, or set LETSPING_ALLOW_REMOTE=1 if you mean it`,
  );
}
