import { parseArgs } from 'node:util';
import { Policy, type PolicyVersion } from '../../contracts/policy.ts';
import { patchSentences } from '../../domain/diff.ts';
import { connect } from '../api-connection.ts';
import { type Command, type Terminal, UsageError } from '../command.ts';
import { readJsonFile } from '../input-file.ts';
import { jsonLine, prettyJson, visible } from '../text.ts';

const PATH = '/policy';

/** What stands; version 0 is nobody's choice. */
const heading = ({ version, digest, created_by, created_at }: PolicyVersion): string =>
  version === 0
    ? 'No policy yet: every action waits for a person.\n'
    : `Policy version ${version}, ${visible(`by ${created_by ?? 'unknown'}`)}, ${created_at ?? ''}\n${visible(digest)}\n`;

async function showPolicy(json: boolean, terminal: Terminal): Promise<0> {
  const api = await connect(terminal, 'admin');
  const { body } = await api.call<PolicyVersion>({ method: 'GET', path: PATH });
  if (json) {
    terminal.out(jsonLine(body));
    return 0;
  }
  terminal.err(heading(body));
  terminal.out(prettyJson(body.policy, ''));
  return 0;
}

async function apply(file: string, json: boolean, terminal: Terminal): Promise<0> {
  const parsed = Policy.safeParse(readJsonFile(file));
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => visible(`  /${path.join('/')}: ${message}`));
    throw new UsageError([`${file} is no policy`, ...lines].join('\n'));
  }
  const api = await connect(terminal, 'admin');
  const before = await api.call<PolicyVersion>({ method: 'GET', path: PATH });
  const { body } = await api.call<PolicyVersion>({ method: 'PUT', path: PATH, body: parsed.data });
  const changes = patchSentences(before.body.policy, body.policy);
  terminal.err(changes.map((sentence) => `  - ${visible(sentence)}\n`).join('') || '  nothing changed\n');
  terminal.out(json ? jsonLine(body) : `policy version ${body.version} is in force\n`);
  return 0;
}

export const policy: Command = {
  summary: "show or replace the project's policy",
  usage: [
    'usage: letsping policy show [--json]',
    '       letsping policy apply FILE|- [--json]',
    '',
    'Needs the key of an admin. Show prints the policy alone on stdout, so that it can be edited and applied again:',
    '  letsping policy show > policy.json',
    'A new policy counts for requests that open from now on; it becomes a new version, and the old ones stay.',
  ].join('\n'),
  run: async (args, terminal) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false } },
    });
    const [verb, file, ...rest] = positionals;
    if (verb === 'show' && file === undefined) return showPolicy(values.json, terminal);
    if (verb === 'apply' && file !== undefined && rest.length === 0) return apply(file, values.json, terminal);
    throw new UsageError('say show, or apply and a file');
  },
};
