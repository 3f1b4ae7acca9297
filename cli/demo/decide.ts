import { Client, Connection } from '@temporalio/client';
import type { ApprovalRequestDetail } from '../../contracts/approval-request.ts';
import type { Decision } from '../../contracts/decision.ts';
import { approvalWorkflowId, DECIDE_SIGNAL } from '../../contracts/workflow.ts';
import type { ApiConnection } from '../api-connection.ts';
import type { System } from '../services/system.ts';

/** The scripted decision for each held action; other actions expire. */
export type Answer =
  | { by: 'http'; decision: (held: ApprovalRequestDetail) => Decision }
  | { by: 'signal' }
  | { by: 'nobody' };

export const SCRIPT: Record<string, Answer> = {
  'infra-agent': {
    by: 'http',
    decision: ({ payload_digest }) => ({
      type: 'reject',
      reason: 'Agents must not read the credentials of a machine.',
      payload_digest,
    }),
  },
  'crm-agent': {
    by: 'http',
    decision: ({ payload, payload_digest }) => ({
      type: 'patch',
      patched_payload: { ...payload, webhook_urls: (payload['webhook_urls'] as string[]).slice(0, 1) },
      payload_digest,
    }),
  },
  'it-helpdesk': { by: 'nobody' },
  'billing-agent': { by: 'http', decision: ({ payload_digest }) => ({ type: 'approve', payload_digest }) },
  'db-agent': { by: 'signal' },
};

/** Acts as a team's own bot: sends one plain Signal to the workflow of the request. */
export async function approveBySignal(system: System, { id, payload_digest }: ApprovalRequestDetail): Promise<void> {
  const connection = await Connection.connect({ address: system.temporal_address });
  try {
    const client = new Client({ connection, namespace: system.temporal_namespace });
    await client.workflow
      .getHandle(approvalWorkflowId(id))
      .signal(DECIDE_SIGNAL, { type: 'approve', actor: 'slack-bot', payload_digest });
  } finally {
    await connection.close();
  }
}

/** Sends the scripted decision and returns its description. */
export async function answer(system: System, approver: ApiConnection, held: ApprovalRequestDetail): Promise<string> {
  const scripted = SCRIPT[held.service] ?? { by: 'nobody' };
  if (scripted.by === 'nobody') return 'no decision';
  if (scripted.by === 'signal') {
    await approveBySignal(system, held);
    return "approve, by a Signal of the team's own bot";
  }
  const decision = scripted.decision(held);
  await approver.call({ method: 'POST', path: `/approval-requests/${held.id}/decisions`, body: decision });
  return `${decision.type}, over HTTP`;
}
