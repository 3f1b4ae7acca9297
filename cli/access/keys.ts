import { type ApiKey, type CreatedKey, CreateKeyBody, type KeyList } from '../../contracts/key.ts';
import { connect } from '../api-connection.ts';
import { type Terminal, UsageError } from '../command.ts';
import { cell, jsonLine, relative, table } from '../text.ts';

export interface NewKeyOptions {
  name: string;
  owner: string;
  role: string;
  service: string[] | undefined;
  json: boolean;
}

/** Prints the new key, and nothing else on stdout. */
export async function createKey({ service, json, ...body }: NewKeyOptions, terminal: Terminal): Promise<0> {
  const parsed = CreateKeyBody.safeParse({ ...body, ...(service && { services: service }) });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(`--${String(issue!.path[0]).replace('services', 'service')}: ${issue!.message}`);
  }
  const api = await connect(terminal, 'admin');
  const created = (await api.call<CreatedKey>({ method: 'POST', path: '/keys', body: parsed.data })).body;
  const { id, role, owner, api_key } = created;
  terminal.out(json ? jsonLine(created) : `${api_key}\n`);
  terminal.err(`${id}: ${role} key of ${owner}. The key is shown this once; only its hash is stored.\n`);
  return 0;
}

const state = ({ authentic, revoked_at, last_used_at }: ApiKey) =>
  !authentic
    ? 'not authentic, refused'
    : revoked_at !== null
      ? `revoked ${relative(revoked_at)}`
      : last_used_at === null
        ? 'never used'
        : `used ${relative(last_used_at)}`;

export async function listKeys({ json }: { json: boolean }, terminal: Terminal): Promise<0> {
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

export async function revokeKey({ id, json }: { id: string; json: boolean }, terminal: Terminal): Promise<0> {
  const api = await connect(terminal, 'admin');
  const { body } = await api.call<ApiKey>({ method: 'DELETE', path: `/keys/${encodeURIComponent(id)}` });
  terminal.out(json ? jsonLine(body) : `${id} is revoked.\n`);
  return 0;
}
