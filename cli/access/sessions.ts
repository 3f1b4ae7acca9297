import type { SessionList, SignInSession } from '../../contracts/session.ts';
import { connect } from '../api-connection.ts';
import type { Terminal } from '../command.ts';
import { cell, jsonLine, relative, table } from '../text.ts';

export async function listSessions({ json }: { json: boolean }, terminal: Terminal): Promise<0> {
  const api = await connect(terminal, 'admin');
  const { body } = await api.call<SessionList>({ method: 'GET', path: '/sessions' });
  if (json) terminal.out(jsonLine(body));
  else if (body.items.length === 0) terminal.out('Nobody is signed in.\n');
  else {
    const rows = body.items.map((session) => [
      session.id,
      session.role,
      cell(session.owner, 24),
      session.key_id ?? 'one-time link',
      relative(session.created_at),
      session.authentic ? relative(session.expires_at) : 'not authentic, refused',
    ]);
    terminal.out(table([['SESSION', 'ROLE', 'OWNER', 'SIGNED IN BY', 'SINCE', 'UNTIL'], ...rows]));
  }
  return 0;
}

export async function endSession({ id, json }: { id: string; json: boolean }, terminal: Terminal): Promise<0> {
  const api = await connect(terminal, 'admin');
  const { body } = await api.call<SignInSession>({ method: 'DELETE', path: `/sessions/${encodeURIComponent(id)}` });
  terminal.out(json ? jsonLine(body) : `The session of ${body.owner} has ended.\n`);
  return 0;
}
