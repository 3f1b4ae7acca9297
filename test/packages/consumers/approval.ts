/** Requests one approval, waits for the decision, checks its digest and reports the execution. For Node, an edge runtime or a browser. */
import { approvedPayload, LetsPing } from 'letsping-temporal';

const ACTION = { service: 'billing-agent', action: 'refund', payload: { order: '1042', amount: 4_900 } };

/** `opened` receives the id at once. Without key and address both come from the environment. */
export async function approvalOf(opened: (id: string) => void, apiKey?: string, baseUrl?: string): Promise<object> {
  const lp = new LetsPing(apiKey, baseUrl === undefined ? {} : { baseUrl });
  const { id } = await lp.open(ACTION);
  opened(id);
  const decision = await lp.waitForDecision(id, { timeoutMs: 60_000 });
  // Compares the digest of the approved payload with what this program requested.
  lp.decisionOf(await lp.getStatus(id), ACTION);
  const payload = approvedPayload(decision);
  if (!payload) throw new Error(`not approved: ${decision.metadata.reason}`);
  const { payload_digest } = await lp.reportExecuted(id, decision.payload_digest);
  const twice = await lp
    .reportExecuted(id, payload_digest)
    .catch((error: { problemCode?: string }) => error.problemCode);
  return { payload, payload_digest, receipt: decision.receipt, twice };
}
