import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { apiBaseOf } from '../client/base-url.ts';
import { LetsPingError } from '../client/errors.ts';
import { type ApiCall, createHttp } from '../client/http.ts';
import type { Role } from '../contracts/key.ts';
import { CommandFailed, type FailureCode, type Terminal } from './command.ts';
import { rememberedPorts } from './services/data-dir.ts';
import { localKeys } from './services/local-keys.ts';
import { visible } from './text.ts';

/** Longer than the API waits for Temporal. */
const CALL_TIMEOUT_MS = 30_000;

/** Receipts and timelines record the command line as the channel of a decision. */
const CHANNEL = { 'x-letsping-client': 'cli' };

export interface ApiConnection {
  /** @throws CommandFailed with the code of the refusal and what to try. */
  call<T>(call: Omit<ApiCall, 'timeoutMs' | 'headers'>): Promise<{ status: number; body: T }>;
  /** An answer that is not JSON. */
  stream(path: string, headers?: Record<string, string>): Promise<Response>;
}

const NOT_CONNECTED = 'start a local system with `letsping dev`, or set LETSPING_BASE_URL and LETSPING_API_KEY';

/** Address and key of the `letsping dev` system in this folder. */
async function local(env: NodeJS.ProcessEnv, role: Role): Promise<{ address: string; apiKey: string }> {
  const dataDir = resolve(env['LETSPING_DATA_DIR'] || '.letsping');
  const none = () =>
    new CommandFailed('not_connected', 'no server is configured, and this folder has no local one', NOT_CONNECTED);
  const port = existsSync(dataDir) ? rememberedPorts(dataDir).api : undefined;
  if (port === undefined) throw none();
  const keys = await localKeys(dataDir, env, () => Promise.reject(none()));
  return { address: env['LETSPING_PUBLIC_URL'] || `http://127.0.0.1:${port}`, apiKey: keys[`${role}_api_key`] };
}

/** `LETSPING_BASE_URL` with `LETSPING_API_KEY`; without both, the local system. A key is sent only to the server configured with it. */
async function target(env: NodeJS.ProcessEnv, role: Role): Promise<{ address: string; apiKey: string }> {
  const { LETSPING_BASE_URL: address, LETSPING_API_KEY: apiKey } = env;
  if (address && apiKey) return { address, apiKey };
  if (!address && !apiKey) return local(env, role);
  const [set, missing] = address
    ? ['LETSPING_BASE_URL', 'LETSPING_API_KEY']
    : ['LETSPING_API_KEY', 'LETSPING_BASE_URL'];
  throw new CommandFailed(
    'not_connected',
    `${set} is set, but ${missing} is not`,
    `set ${missing} too, or unset both for the local system`,
  );
}

const HINTS: Partial<Record<FailureCode, string>> = {
  unauthenticated: 'check LETSPING_API_KEY: it may be mistyped, revoked, or for another server',
  forbidden: "use an approver's or an admin's key in LETSPING_API_KEY",
  own_request: 'ask somebody else to decide',
  permit_not_unknown: 'letsping show <id>',
  own_patch: 'ask somebody else to approve it',
  not_authentic: 'letsping doctor, with the environment of the api, names the rows; find who writes to the database',
  not_found: 'letsping inbox --status all',
  not_pending: 'letsping show <id>',
  expired: 'letsping show <id>',
  payload_changed: 'letsping show <id>, then decide on the digest that it shows',
  patch_in_progress: 'repeat the command in a moment',
  overloaded: 'letsping show <id>, and repeat the command if the request is still pending',
  temporal_unavailable: 'repeat the command in a moment: nothing was decided',
  database_unavailable: 'repeat the command in a moment',
  policy_changing: 'repeat the command in a moment: nothing was written',
  LETSPING_NETWORK: 'check that the server runs; `letsping dev` starts a local one',
  LETSPING_CONFIG: 'set LETSPING_BASE_URL, for example to http://127.0.0.1:4400',
};

/** An error of the API or the network, as the terminal prints it. */
export function commandFailed(error: unknown): unknown {
  if (!(error instanceof LetsPingError)) return error;
  const code = (error.problemCode as FailureCode | undefined) ?? error.code; // a newer server may have more codes
  const { findings = [], errors = [] } = error.problem ?? {};
  const more = [
    ...errors.map(({ pointer, detail }) => `${pointer || 'the body'}: ${detail}`),
    ...findings.map(({ id, pointer, message }) => `${id} ${pointer}: ${message}`),
  ];
  const message = [`${error.message} (${code})`, ...more.map((line) => `  ${line}`)].map(visible).join('\n');
  return new CommandFailed(code, message, HINTS[code], { cause: error });
}

/** Connects to the API. `role` selects the key of a local system; commands pass the weakest role that suffices. */
export async function connect({ env }: Terminal, role: Exclude<Role, 'agent'> = 'approver'): Promise<ApiConnection> {
  const { address, apiKey } = await target(env, role);
  const refused = (error: unknown) => {
    throw commandFailed(error);
  };
  try {
    const http = createHttp({ apiBase: apiBaseOf(address), apiKey });
    return {
      call: <T>(call: Omit<ApiCall, 'timeoutMs' | 'headers'>) =>
        http.send<T>({ ...call, headers: CHANNEL, timeoutMs: CALL_TIMEOUT_MS }).catch(refused),
      stream: (path, headers = {}) => http.stream({ method: 'GET', path, headers }).catch(refused),
    };
  } catch (error) {
    throw commandFailed(error);
  }
}
