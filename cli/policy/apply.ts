import type { PolicyVersion } from '../../contracts/policy.ts';
import { patchSentences } from '../../domain/diff.ts';
import { connect } from '../api-connection.ts';
import { CommandFailed, type Terminal } from '../command.ts';
import { jsonLine, visible } from '../text.ts';
import { currentPolicy, POLICY_PATH } from './current-policy.ts';
import { requirePolicy } from './policy-file.ts';

/** Applies a policy. A looser one than the current one needs a reason. */
export async function apply(file: string, reason: string | undefined, json: boolean, terminal: Terminal): Promise<0> {
  const policy = await requirePolicy(file);
  const api = await connect(terminal, 'admin');
  const before = await currentPolicy(api);
  const path = reason === undefined ? POLICY_PATH : `${POLICY_PATH}?reason=${encodeURIComponent(reason)}`;
  const { body } = await api.call<PolicyVersion>({ method: 'PUT', path, body: policy }).catch((error: unknown) => {
    throw reason === undefined && error instanceof CommandFailed && error.code === 'invalid_value'
      ? new CommandFailed(error.code, error.message, 'add --reason TEXT if the policy should be looser', {
          cause: error.cause,
        })
      : error;
  });
  const changes = patchSentences(before.policy, body.policy);
  terminal.err(changes.map((sentence) => `  - ${visible(sentence)}\n`).join('') || '  nothing changed\n');
  terminal.out(json ? jsonLine(body) : `policy version ${body.version} is in force\n`);
  return 0;
}
