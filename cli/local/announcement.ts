import type { PolicyVersion } from '../../contracts/policy.ts';
import { connect } from '../api-connection.ts';
import type { Terminal } from '../command.ts';
import { firstHeldAction, type HeldAction } from '../first-action.ts';
import { plainLine } from '../plain-line.ts';
import type { System } from '../services/system.ts';

export interface DevOptions {
  json: boolean;
  acceptSignals: boolean;
}

const connectionInfo = (system: System) => ({
  api_url: system.api_url,
  console_url: system.console_url,
  agent_api_key: system.agent_api_key,
  approver_api_key: system.approver_api_key,
  admin_api_key: system.admin_api_key,
  project_id: system.project_id,
  temporal_address: system.temporal_address,
  temporal_namespace: system.temporal_namespace,
  temporal_ui_url: system.temporal_ui_url,
  database_url: system.database_url,
});

function table(system: System, held: HeldAction | undefined): string {
  const rows: [string, string][] = [
    ['Console', `${system.console_url}  (signs in once)`],
    ['API', system.api_url],
    ['Documents', `${system.public_url}/docs`],
    ["Agent's key", system.agent_api_key],
    ["Approver's key", system.approver_api_key],
    ['Temporal', system.temporal_ui_url ?? system.temporal_address],
    ['Waiting', held ? held.line : 'nothing'],
    ...(held ? [['', held.url] as [string, string]] : []),
  ];
  return `\n${rows.map(([name, value]) => `  ${name.padEnd(15)} ${value}`).join('\n')}\n\n  Programs of this user can read these keys. An agent with a shell needs an account of its own.\n  Ctrl-C stops everything.\n`;
}

/** Where the start and the policy differ on unsigned Signals: what is not accepted must not look accepted. */
async function signalsDiffer(system: System, accepts: boolean, terminal: Terminal): Promise<string | undefined> {
  const env = { LETSPING_BASE_URL: system.api_url, LETSPING_API_KEY: system.admin_api_key };
  const api = await connect({ ...terminal, env }, 'admin');
  const { policy } = (await api.call<PolicyVersion>({ method: 'GET', path: '/policy' })).body;
  if (policy.accept_unsigned_signals === accepts) return undefined;
  return accepts
    ? 'The policy accepts no unsigned Signals, so --accept-signals has no effect: apply a policy with accept_unsigned_signals: true.'
    : 'The policy accepts unsigned Signals, and this start does not: start with --accept-signals.';
}

/** Prints how the running system is reached, and what waits. */
export async function announce(system: System, { json, acceptSignals }: DevOptions, terminal: Terminal) {
  const { out, err } = terminal;
  const [differ, held] = await Promise.all([
    signalsDiffer(system, acceptSignals, terminal).catch(() => undefined),
    firstHeldAction(system).catch((error: Error) => {
      err(`Pending requests cannot be shown: ${plainLine(error.message)}\n`);
      return undefined;
    }),
  ]);
  if (differ !== undefined) err(`${differ}\n`);
  out(json ? `${JSON.stringify(connectionInfo(system))}\n` : table(system, held));
}
