import { parseArgs } from 'node:util';
import { type ApiKey, type CreatedKey, CreateKeyBody, type KeyList } from '../../contracts/key.ts';
import { connect } from '../api-connection.ts';
import { type Command, type Terminal, UsageError } from '../command.ts';
import { cell, jsonLine, relative, table } from '../text.ts';

const OPTIONS = {
  name: { type: 'string' },
  owner: { type: 'string' },
  role: { type: 'string' },
  service: { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
} as const;

type Values = { name?: string; owner?: string; role?: string; service?: string[]; json: boolean };

async function create({ name, owner, role, service, json }: Values, terminal: Terminal): Promise<0> {
  const parsed = CreateKeyBody.safeParse({ name, owner, role, ...(service && { services: service }) });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(`--${String(issue!.path[0]).replace('services', 'service')}: ${issue!.message}`);
  }
  const api = await connect(terminal, 'admin');
  const { body } = await api.call<CreatedKey>({ method: 'POST', path: '/keys', body: parsed.data });
  terminal.out(json ? jsonLine(body) : `${body.api_key}\n`);
  terminal.err(`${body.id}: ${body.role} key of ${body.owner}. The key is shown this once; only its hash is stored.\n`);
  return 0;
}

const state = ({ revoked_at, last_used_at }: ApiKey) =>
  revoked_at !== null
    ? `revoked ${relative(revoked_at)}`
    : last_used_at === null
      ? 'never used'
      : `used ${relative(last_used_at)}`;

async function list({ json }: Values, terminal: Terminal): Promise<0> {
  const api = await connect(terminal, 'admin');
  const { body } = await api.call<KeyList>({ method: 'GET', path: '/keys' });
  if (json) terminal.out(jsonLine(body));
  else if (body.items.length === 0) terminal.out('There are no keys.\n');
  else {
    const rows = body.items.map((key) => [
      key.id,
      key.role,
      cell(key.owner, 24),
      cell(key.name, 32),
      key.role === 'agent' ? cell(key.services?.join(', ') ?? 'any service', 40) : '-',
      state(key),
    ]);
    terminal.out(table([['KEY', 'ROLE', 'OWNER', 'NAME', 'SERVICES', 'STATE'], ...rows]));
  }
  return 0;
}

async function revoke(id: string, { json }: Values, terminal: Terminal): Promise<0> {
  const api = await connect(terminal, 'admin');
  const { body } = await api.call<ApiKey>({ method: 'DELETE', path: `/keys/${encodeURIComponent(id)}` });
  terminal.out(json ? jsonLine(body) : `${id} is revoked.\n`);
  return 0;
}

export const keys: Command = {
  summary: 'create, list and revoke API keys',
  usage: [
    'usage: letsping keys create --name TEXT --owner OWNER --role agent|approver|admin [--service NAME …] [--json]',
    '       letsping keys list [--json]',
    '       letsping keys revoke KEY_ID [--json]',
    '',
    'Needs an admin key. create prints only the new key on stdout; it cannot be shown again.',
    'OWNER identifies the person or agent. An owner cannot decide requests that their own keys opened.',
    '',
    '  --service  limits an agent key to this service; repeat it for several; default: any service',
  ].join('\n'),
  run: async (args, terminal) => {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
    const [verb, id, ...rest] = positionals;
    if (verb === 'create' && id === undefined) return create(values, terminal);
    if (verb === 'list' && id === undefined) return list(values, terminal);
    if (verb === 'revoke' && id !== undefined && rest.length === 0) return revoke(id, values, terminal);
    throw new UsageError('name a subcommand: create, list, or revoke with a key id');
  },
};
