import { CLAIM_HEADER } from '../../../../contracts/claim-header.ts';
import { decide, type Opened } from '../../suite.ts';
import type { Attempts } from './attempts.ts';

/** Objects of one kind that the attackers try. */
export interface Kind {
  ids: readonly string[];
  /** Of this kind, and nobody has it. */
  absent: string;
}

/** What there is to be attacked. */
export interface Target {
  pending: Opened;
  request_ids: readonly string[];
  thread_id: string;
  cursor: string;
  /** Texts that no answer to an attacker contains. */
  secrets: readonly string[];
  /** By a path of the OpenAPI document; undefined for a path that is not known here. */
  kindOf(path: string): Kind | undefined;
}

export interface Attacker {
  name: string;
  key: string;
  role: 'agent' | 'approver' | 'admin';
  /** Of another project. */
  isForeign: boolean;
  /** Whether what it opens belongs to the attacked project. */
  owns: boolean;
  /** The objects of a kind that it must not see. */
  mayBeTold(kind: Kind): readonly string[];
  secretTo(at: Target): readonly string[];
}

const ABSENT = '7zzzzzzzzzzzzzzzzzzzzzzzzz';
/** The header of a claim, which other routes do not read. */
export const CLAIM = { [CLAIM_HEADER]: 'c'.repeat(43) };
const CANARY = 'canary-of-the-attacked-project';

/** A pending, an approved and a rejected request, keys and a session. */
export async function target(on: Attempts): Promise<Target> {
  const { rig } = on;
  const thread_id = 'thread-of-the-attacked-project';
  const held = () => on.held({ payload: { amount: 10, note: CANARY }, context: { thread_id } });
  const [pending, approved, rejected] = [await held(), await held(), await held()];
  await decide(rig, approved.id, { type: 'approve', payload_digest: approved.payload_digest });
  await decide(rig, rejected.id, { type: 'reject', payload_digest: rejected.payload_digest, reason: CANARY });
  const claim = { payload_digest: approved.payload_digest };
  await rig.call(rig.agent_api_key, 'POST', `/api/approval-requests/${approved.id}/claim`, claim, CLAIM);
  await rig.call(rig.admin_api_key, 'POST', '/api/keys', { name: CANARY, owner: 'victim', role: 'approver' });
  await fetch(`${rig.url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: rig.url },
    body: new URLSearchParams({ api_key: rig.approver_api_key }),
  });
  const [{ items: keys }, { items: sessions }, { next }] = await Promise.all(
    ['/api/keys', '/api/sessions', '/api/approval-requests?limit=1'].map(
      async (path) => (await rig.call(rig.admin_api_key, 'GET', path)).body,
    ),
  );
  const idsOf = (items: { id: string }[]) => items.map(({ id }) => id);
  const request_ids = idsOf([pending, approved, rejected]);
  const kinds: Record<string, Kind> = {
    request: { ids: request_ids, absent: `req_${ABSENT}` },
    key: { ids: idsOf(keys), absent: `key_${ABSENT}` },
    session: { ids: idsOf(sessions), absent: `ses_${ABSENT}` },
  };
  return {
    pending,
    request_ids,
    thread_id,
    cursor: next,
    secrets: [...request_ids, ...idsOf(keys), ...idsOf(sessions), CANARY, rig.project_id],
    kindOf: (path) =>
      /^\/api\/(?:approval-requests|status)\//.test(path)
        ? kinds['request']
        : path.startsWith('/api/keys/')
          ? kinds['key']
          : path.startsWith('/api/sessions/')
            ? kinds['session']
            : undefined,
  };
}

/** Every key of another project, an agent of another owner, and one of the same owner for other services. */
export async function attackers(on: Attempts): Promise<Attacker[]> {
  const { rig } = on;
  const foreign = await rig.foreign();
  const all = ({ ids }: Kind) => ids;
  const roles = ['agent', 'approver', 'admin'] as const;
  const limited = await rig.call(rig.admin_api_key, 'POST', '/api/keys', {
    name: 'x',
    owner: 'dev-agent',
    role: 'agent',
    services: ['other-service'],
  });
  const neighbours: [string, string][] = [
    ['agent of another owner', await rig.key('neighbour', 'agent')],
    ['agent for other services', limited.body.api_key],
  ];
  return [
    ...roles.map((role): Attacker => {
      const key = foreign[`${role}_api_key`];
      const name = `foreign ${role}`;
      return { name, key, role, isForeign: true, owns: false, mayBeTold: all, secretTo: ({ secrets }) => secrets };
    }),
    ...neighbours.map(([name, key]): Attacker => {
      const secretTo = ({ secrets }: Target) => secrets.filter((text) => text !== rig.project_id);
      return { name, key, role: 'agent', isForeign: false, owns: true, mayBeTold: all, secretTo };
    }),
  ];
}
