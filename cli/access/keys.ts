import { type ApiKey, type CreatedKey, CreateKeyBody, type KeyList, Role } from '../../contracts/key.ts';
import { Span, spanMs } from '../../contracts/span.ts';
import { permissionsOf } from '../../domain/access/permissions.ts';
import { connect } from '../api-connection.ts';
import { type Terminal, UsageError } from '../command.ts';
import { cell, jsonLine, relative, table } from '../text.ts';

export interface NewKeyOptions {
  name: string;
  owner: string;
  role: string;
  service: string[] | undefined;
  host: boolean;
  'expires-in': string | undefined;
  without: string[] | undefined;
  json: boolean;
}

const OPTION_OF: Readonly<Record<string, string>> = {
  services: 'service',
  expires_in_ms: 'expires-in',
  permissions: 'without',
};

/** The permissions of the role except these. */
function permissionsWithout(role: Role, without: string[]): readonly string[] {
  const all = permissionsOf({ role, permissions: null });
  for (const one of without)
    if (!all.some((permission) => permission === one))
      throw new UsageError(`--without ${one}: the role ${role} has the permissions ${all.join(', ')}`);
  return all.filter((one) => !without.includes(one));
}

function bodyOf(options: NewKeyOptions): CreateKeyBody {
  const { service, host, 'expires-in': span, without, json: _, ...named } = options;
  if (span !== undefined && !Span.safeParse(span).success)
    throw new UsageError('--expires-in takes a span, as 90min, 24h or 30d');
  const parsed = CreateKeyBody.safeParse({
    ...named,
    ...(service && { services: service }),
    ...(host && { context_trust: 'full' }),
    ...(span !== undefined && { expires_in_ms: spanMs(span) }),
    ...(without && { permissions: permissionsWithout(Role.parse(named.role), without) }),
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue!.path[0]);
  throw new UsageError(`--${OPTION_OF[name] ?? name}: ${issue!.message}`);
}

/** Prints the new key, and nothing else on stdout. */
export async function createKey(options: NewKeyOptions, terminal: Terminal): Promise<0> {
  const body = bodyOf(options);
  const api = await connect(terminal, 'admin');
  const created = (await api.call<CreatedKey>({ method: 'POST', path: '/keys', body })).body;
  const { id, role, owner, api_key } = created;
  if (api_key === undefined) throw new Error('the answer has no key'); // no Idempotency-Key was sent
  terminal.out(options.json ? jsonLine(created) : `${api_key}\n`);
  terminal.err(`${id}: ${role} key of ${owner}. The key is shown this once; only its hash is stored.\n`);
  return 0;
}

const state = ({ authentic, revoked_at, expires_at, last_used_at }: ApiKey) =>
  !authentic
    ? 'not authentic, refused'
    : revoked_at !== null
      ? `revoked ${relative(revoked_at)}`
      : expires_at !== null && Date.parse(expires_at) <= Date.now()
        ? `expired ${relative(expires_at)}`
        : last_used_at === null
          ? 'never used'
          : `used ${relative(last_used_at)}`;

/** What a key has less or more than others of its role. */
function limitsOf({ role, context_trust, permissions, expires_at, made_by }: ApiKey): string[] {
  const lacking = permissionsOf({ role, permissions: null }).filter((one) => !permissions.includes(one));
  return [
    ...(context_trust === 'full' ? ['host program'] : []),
    ...lacking.map((one) => `without ${one}`),
    ...(expires_at === null ? [] : [`expires ${relative(expires_at)}`]),
    ...(made_by === null ? [] : [`made by ${made_by}`]),
  ];
}

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
      cell(limitsOf(key).join('; ') || '-', 80),
      state(key),
    ]);
    terminal.out(table([['KEY', 'ROLE', 'OWNER', 'NAME', 'SERVICES', 'LIMITS', 'STATE'], ...rows]));
  }
  return 0;
}

export async function revokeKey({ id, json }: { id: string; json: boolean }, terminal: Terminal): Promise<0> {
  const api = await connect(terminal, 'admin');
  const { body } = await api.call<ApiKey>({ method: 'DELETE', path: `/keys/${encodeURIComponent(id)}` });
  terminal.out(json ? jsonLine(body) : `${id} is revoked.\n`);
  return 0;
}
