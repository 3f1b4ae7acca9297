import type { ApprovalRequestDetail } from '../contracts/approval-request.ts';
import { payloadDigest, saltBytes } from '../domain/digest.ts';
import type { ApiConnection } from './api-connection.ts';
import { CommandFailed } from './command.ts';
import { findingLines } from './proposed-patch.ts';
import { prettyJson, relative, table, visible } from './text.ts';

/** Reads a request and recomputes its digests, so that the shown payload is the one that a decision names. */
export async function readRequest(api: ApiConnection, id: string): Promise<ApprovalRequestDetail> {
  const { body } = await api.call<ApprovalRequestDetail>({
    method: 'GET',
    path: `/approval-requests/${encodeURIComponent(id)}`,
  });
  const { service, action, proposed_patch } = body;
  const isTrue = ({ payload, digest_salt, payload_digest }: Shown) =>
    payloadDigest(saltBytes(digest_salt), { service, action, payload }) === payload_digest;
  if ((!body.payload_removed_at && !isTrue(body)) || (proposed_patch && !isTrue(proposed_patch))) {
    throw new CommandFailed(
      'digest_mismatch',
      'the payload from the server does not have the digest that the server names',
      'do not decide; contact the operator of the server',
    );
  }
  return body;
}

type Shown = Pick<ApprovalRequestDetail, 'payload' | 'digest_salt' | 'payload_digest'>;

/** Why the request was held; findings with their place in the payload. */
function reasons({ verdict, held_by, findings, policy_version, payload_removed_at }: ApprovalRequestDetail): string {
  if (payload_removed_at) return '  removed with the payload\n';
  if (findings.length > 0) return findingLines(findings);
  if (held_by === 'policy') return `  the policy (version ${policy_version}) requires review; no findings\n`;
  return verdict === 'allow' ? '  nothing: allowed by the firewall\n' : '  no findings\n';
}

/** What a decision needs: the action, the agent, the payload, and why it was held. */
export function describeRequest(request: ApprovalRequestDetail): string {
  const { service, action, priority, requested_by, created_at, expires_at, status, thread_id, node } = request;
  const facts = [
    ['request', request.id],
    ['status', status],
    ['action', visible(`${service}: ${action}`)],
    ['requested by', visible(`${requested_by}, ${relative(created_at)}`)],
    ...(status === 'pending' ? [['expires', `${relative(expires_at)} (${expires_at}); undecided means rejected`]] : []),
    ['priority', priority],
    ...(thread_id === null ? [] : [['thread', visible(node === null ? thread_id : `${thread_id}, node ${node}`)]]),
  ];
  const metadata = Object.entries(request.metadata).filter(([name]) => name !== 'sdk');
  return [
    table(facts),
    '\npayload\n',
    request.payload_removed_at
      ? `  removed at ${request.payload_removed_at}, after the retention time; terms, outcome and receipt remain\n`
      : prettyJson(request.payload),
    '\nheld by\n',
    reasons(request),
    ...(metadata.length > 0 ? ['\nmetadata from the caller\n', prettyJson(Object.fromEntries(metadata))] : []),
    `\ndigest    ${request.payload_digest}\n`,
  ].join('');
}
