/** A consumer of the client that uses every export. It uses nothing of Node and nothing of a page. */
import {
  ApprovalRejectedError,
  type ApprovalTool,
  type AskOptions,
  approvedPayload,
  type Decision,
  ExecutionReportError,
  LetsPing,
  type LetsPingCode,
  LetsPingError,
  type LetsPingOptions,
  type RequestedAction,
  type WaitOptions,
} from 'letsping-temporal';

const refund: RequestedAction = { service: 'billing', action: 'refund', payload: { order: '1042', amount: 4_900 } };

export async function refundOnce(apiKey: string, options: LetsPingOptions, signal: AbortSignal): Promise<string> {
  const lp = new LetsPing(apiKey, options);
  const asked: AskOptions = { ...refund, priority: 'high', timeoutMs: 60_000, signal, context: { untrusted: true } };
  try {
    return await lp.run(asked, async (payload, decision) => `${String(payload['order'])} ${decision.request_id}`);
  } catch (error) {
    if (error instanceof ExecutionReportError) return `ran: ${String(error.result)}`;
    if (error instanceof ApprovalRejectedError) return `rejected: ${error.reason}`;
    if (error instanceof LetsPingError)
      return `${error.code satisfies LetsPingCode} ${error.status ?? 0} ${error.problem?.title ?? ''}`;
    throw error;
  }
}

export async function refundLater(lp: LetsPing): Promise<string | undefined> {
  const { id } = await lp.defer(refund);
  const wait: WaitOptions = { timeoutMs: 1_000 };
  const decision: Decision = await lp.waitForDecision(id, wait);
  const again = lp.decisionOf(await lp.getRequestStatus(id), refund);
  const payload = approvedPayload(decision);
  if (!payload || again.status === 'REJECTED') return decision.metadata.reason;
  const report = await lp.reportExecuted(id, decision.payload_digest);
  return `${report.payload_digest} ${decision.outcome.cause}`;
}

export const refundTool = (lp: LetsPing): ApprovalTool => lp.tool('billing', 'refund', 'medium');
