import { LetsPing } from '../../client/index.ts';
import type { ApprovalRequestDetail, ApprovalRequestPage } from '../../contracts/approval-request.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { LocalSystem } from '../helpers/local-system.ts';

/** What the approver does with the requests of a snippet. */
type Conduct = (request: ApprovalRequestDetail) => Decision | undefined;

/**
 * `approves` (also without a directive), `rejects REASON`, `patches JSON` (members that replace those of the payload), `waits`.
 */
function conductOf(directive = 'approves'): Conduct {
  const [word, rest] = [directive.split(' ')[0], directive.split(' ').slice(1).join(' ')];
  switch (word) {
    case 'approves':
      return ({ payload_digest }) => ({ type: 'approve', payload_digest });
    case 'rejects':
      return ({ payload_digest }) => ({ type: 'reject', reason: rest || 'not today', payload_digest });
    case 'patches': {
      const change = JSON.parse(rest) as JsonObject;
      return ({ payload, payload_digest }) => ({
        type: 'patch',
        patched_payload: { ...payload, ...change },
        payload_digest,
      });
    }
    case 'waits':
      return () => undefined;
    default:
      throw new Error(`a person approves, rejects REASON, patches JSON or waits, not ${directive}`);
  }
}

export interface Request {
  id: string;
  payload: JsonObject;
  payload_digest: string;
  digest_salt: string;
}

export function peopleOf(system: LocalSystem) {
  async function call<T>(key: string, path: string, body?: object): Promise<T> {
    const answer = await fetch(`${system.api_url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }
  const approver = <T>(path: string, body?: object) => call<T>(system.approver_api_key, path, body);
  const pending = async () => (await approver<ApprovalRequestPage>('/approval-requests?status=pending')).items;
  const decide = async (id: string, conduct: Conduct) => {
    const decision = conduct(await approver<ApprovalRequestDetail>(`/approval-requests/${id}`));
    if (decision) await approver(`/approval-requests/${id}/decisions`, decision);
  };

  /** The agent claims the permit, and its effect fails. */
  async function failEffect({ id, payload_digest }: Request): Promise<void> {
    const lp = new LetsPing(system.agent_api_key, { baseUrl: system.api_url });
    const claim = await lp.claim({ request_id: id, payload_digest });
    await claim.end('failed');
  }

  return {
    /** Opens a request as an agent does, in one of the states below. */
    async open(state = 'pending'): Promise<Request> {
      const body = { service: 'billing-agent', action: 'refund_user', payload: { order: '1042', amount: 4900 } };
      const request = await call<Request>(system.agent_api_key, '/ingest', body);
      const directives: Record<string, string> = {
        pending: 'waits',
        approved: 'approves',
        rejected: 'rejects',
        patched: 'patches {"amount":200}',
        // Approved, and then acted on with an unknown result.
        unknown: 'approves',
        // Waits for a second approver, because of a new finding.
        proposed: 'patches {"query":"DROP TABLE users"}',
      };
      if (!directives[state]) throw new Error(`request takes ${Object.keys(directives).join(', ')}, not ${state}`);
      await decide(request.id, conductOf(directives[state]));
      if (state === 'unknown') await failEffect(request);
      return { ...request, payload: body.payload };
    },

    /** Decides what `work` requests, in the background, until `work` ends. */
    async while<T>(directive: string | undefined, work: () => Promise<T>): Promise<T> {
      const conduct = conductOf(directive);
      const known = new Set((await pending()).map(({ id }) => id));
      const ended = new AbortController();
      const deciding = (async () => {
        while (!ended.signal.aborted) {
          for (const { id } of await pending()) {
            if (known.has(id)) continue;
            known.add(id);
            // A request that ended by itself meanwhile.
            await decide(id, conduct).catch((error: Error) => {
              if (!/ (?:409|412) /.test(error.message)) throw error;
            });
          }
          await new Promise((resolve) => setTimeout(resolve, 40));
        }
      })();
      try {
        return await Promise.race([work(), deciding.then(() => Promise.reject(new Error('the person left')))]);
      } finally {
        ended.abort();
        await deciding;
      }
    },
  };
}

/** The policy under which the documents run: it allows what the strictest one refuses, so that each feature can be shown. */
export async function applyPolicy(system: LocalSystem): Promise<void> {
  const answer = await fetch(`${system.api_url}/policy?reason=documents`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${system.admin_api_key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ accept_unsigned_signals: true, widening_patches: 'second_approver' }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}

export type People = ReturnType<typeof peopleOf>;
