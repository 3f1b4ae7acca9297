import type { ApprovalRequestDetail } from '../contracts/approval-request.ts';
import { payloadDigest, saltBytes } from '../domain/digest.ts';
import type { ApiConnection } from './api-connection.ts';
import { CommandFailed } from './command.ts';
import { findingLines } from './proposed-patch.ts';
import { prettyJson, relative, table, visible } from './text.ts';

/** A request with its payloads, whose digests are made anew: what is shown is what a decision on that digest is about. */
export async function readRequest(api: ApiConnection, id: string): Promise<ApprovalRequestDetail> {
  const { body } = await api.call<ApprovalRequestDetail>({
    method: 'GET',
    path: `/approval-requests/${encodeURIComponent(id)}`,
  });
  const { service, action, proposed_patch } = body;
  const isTrue = ({ payload, digest_salt, payload_digest }: Shown) =>
    payloadDigest(saltBytes(digest_salt), { service, action, payload }) === payload_digest;
  if (!isTrue(body) || (proposed_patch && !isTrue(proposed_patch))) {
    throw new CommandFailed(
      'digest_mismatch',
      'the payload that the server shows does not have the digest that it names',
      'decide nothing, and tell whoever runs the server',
    );
  }
  return body;
}

type Shown = Pick<ApprovalRequestDetail, 'payload' | 'digest_salt' | 'payload_digest'>;

/** Why somebody has to look, with the place of each finding in the payload. */
function reasons({ verdict, held_by, findings, policy_version }: ApprovalRequestDetail): string {
  if (findings.length > 0) return findingLines(findings);
  if (held_by === 'policy')
    return `  the policy (version ${policy_version}) wants a person to look; the firewall found nothing\n`;
  return verdict === 'allow' ? '  nothing: the firewall let it pass\n' : '  no finding\n';
}

/** All that a decision is about: who wants to run what, and why it was held. */
export function describeRequest(request: ApprovalRequestDetail): string {
  const { service, action, priority, requested_by, created_at, expires_at, status, thread_id, node } = request;
  const facts = [
    ['request', request.id],
    ['status', status],
    ['wants', visible(`${service}: ${action}`)],
    ['asked by', visible(`${requested_by}, ${relative(created_at)}`)],
    ...(status === 'pending' ? [['expires', `${relative(expires_at)} (${expires_at}); silence rejects`]] : []),
    ['priority', priority],
    ...(thread_id === null ? [] : [['thread', visible(node === null ? thread_id : `${thread_id}, node ${node}`)]]),
  ];
  const told = Object.entries(request.metadata).filter(([name]) => name !== 'sdk');
  return [
    table(facts),
    '\npayload\n',
    prettyJson(request.payload),
    '\nheld by\n',
    reasons(request),
    ...(told.length > 0 ? ['\nthe caller says\n', prettyJson(Object.fromEntries(told))] : []),
    `\ndigest    ${request.payload_digest}\n`,
  ].join('');
}
