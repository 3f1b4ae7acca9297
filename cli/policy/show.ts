import { stringify } from 'yaml';
import { z } from 'zod/v4';
import { Policy, type PolicyVersion } from '../../contracts/policy.ts';
import { connect } from '../api-connection.ts';
import type { Terminal } from '../command.ts';
import { jsonLine, prettyJson, visible } from '../text.ts';
import { currentPolicy } from './current-policy.ts';

/** Version 0 is the default policy: nobody wrote one yet. */
const heading = ({ version, digest, created_by, created_at }: PolicyVersion): string =>
  version === 0
    ? 'No policy yet: every action needs approval.\n'
    : `Policy version ${version}, ${visible(`by ${created_by ?? 'unknown'}`)}, ${created_at ?? ''}\n${visible(digest)}\n`;

/** `json`: the version with its document on one line; otherwise only the document, to edit and apply. */
export async function show(as: 'json' | 'yaml' | 'document', terminal: Terminal): Promise<0> {
  const version = await currentPolicy(await connect(terminal, 'admin'));
  if (as === 'json') {
    terminal.out(jsonLine(version));
    return 0;
  }
  terminal.err(heading(version));
  terminal.out(as === 'yaml' ? yamlOf(version.policy) : prettyJson(version.policy, ''));
  return 0;
}

const yamlOf = (policy: Policy): string =>
  stringify(policy, { lineWidth: 0 })
    .split('\n')
    .map((line) => visible(line))
    .join('\n');

/** The JSON Schema of a policy file, for an editor. Needs no server. */
export function showSchema(terminal: Terminal): 0 {
  terminal.out(prettyJson(z.toJSONSchema(Policy, { io: 'input' }), ''));
  return 0;
}
