import { type Config, ConfigError, loadConfig, unreadVariables } from '../../runtime/config.ts';
import type { Terminal } from '../command.ts';
import { visible } from '../text.ts';
import { ACTS } from './acts.ts';
import { type CheckResult, fail, ok, skipped, warn } from './check.ts';
import { CONNECT, database } from './database.ts';
import { nodeVersion, ports, temporalSdk } from './machine.ts';
import { OWNERS } from './owners.ts';
import { payloadCodec } from './payload-codec.ts';
import { RETENTION } from './retention.ts';
import { ROWS } from './rows.ts';
import { temporal } from './temporal.ts';

const WORD = { ok: 'ok  ', warn: 'warn', fail: 'FAIL', skipped: 'skip' };

const unread = (env: NodeJS.ProcessEnv): CheckResult[] =>
  unreadVariables(env).map((name) =>
    warn('settings', `nothing reads ${name}`, 'correct its name or remove it: docs/deployment.md lists the settings'),
  );

/** One line for each wrong variable. */
function configuration(env: NodeJS.ProcessEnv): { config: Config | undefined; findings: CheckResult[] } {
  try {
    return {
      config: loadConfig(env),
      findings: [ok('configuration', 'every variable is well formed'), ...unread(env)],
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [, ...problems] = error.message.split('\n');
    return {
      config: undefined,
      findings: problems.map((problem) =>
        fail('configuration', problem.trim(), 'set it in the environment of api and worker (docs/deployment.md)'),
      ),
    };
  }
}

async function examine(env: NodeJS.ProcessEnv): Promise<CheckResult[]> {
  const { config, findings } = configuration(env);
  const node = nodeVersion(process.versions.node);
  if (!config) {
    const later = [
      'port',
      'postgresql',
      'clock',
      'migrations',
      'login',
      CONNECT,
      'root key',
      'root key opens the data',
      ROWS,
      ACTS,
      RETENTION,
      OWNERS,
    ];
    return [
      node,
      temporalSdk(),
      ...findings,
      ...skipped(later, 'the configuration is not complete'),
      ...(await temporal(env, env['LETSPING_TASK_QUEUE'] || 'letsping-approvals')),
    ];
  }
  return [
    node,
    temporalSdk(),
    ...findings,
    ...(await ports(config)),
    ...(await database(config)),
    ...(await payloadCodec(config)),
    ...(await temporal(env, config.task_queue)),
  ];
}

const line = ({ check, state, detail, fix }: CheckResult) =>
  `${WORD[state]}  ${check.padEnd(24)} ${visible(detail)}\n${fix === undefined ? '' : `${' '.repeat(6)}try: ${visible(fix)}\n`}`;

/** Prints every check of the deployment, and its suggested fix. */
export async function examineDeployment({ json }: { json: boolean }, { env, out }: Terminal): Promise<0 | 1> {
  const findings = await examine(env);
  const failed = findings.filter(({ state }) => state === 'fail').length;
  const warned = findings.filter(({ state }) => state === 'warn').length;
  if (json) out(`${JSON.stringify({ ok: failed === 0, findings })}\n`);
  else
    out(
      `${findings.map(line).join('')}\n${failed === 0 ? 'no check failed' : `${failed} failed`}${warned > 0 ? `, ${warned} warning${warned === 1 ? '' : 's'}` : ''}\n`,
    );
  return failed === 0 ? 0 : 1;
}
