import type { RequestedAction } from '../../client/ask-options.ts';
import type { Decision } from '../../client/decision.ts';
import type { ActionContext, Priority } from '../../contracts/action.ts';
import type { IngestAnswer, StatusAnswer } from '../../contracts/approval-request.ts';
import type { JsonObject } from '../../contracts/json.ts';

/** The request of a node. */
export interface Question {
  service: string;
  action: string;
  payload: JsonObject;
  /** Default `medium`. */
  priority?: Priority;
  /** JSON Schema that a patched payload must satisfy. */
  schema?: unknown;
  /** Time until an undecided request is rejected. Default: the project's policy, else 24 hours. */
  expiresInMs?: number;
  /** What the host program knows about the call, never a model's output. Thread and node are added. */
  context?: ActionContext;
}

/** The part of the client that this integration needs. `LetsPing` implements it. */
export interface ApprovalClient {
  open(request: Question & { idempotencyKey?: string }): Promise<IngestAnswer>;
  getStatus(id: string): Promise<StatusAnswer>;
  /** Throws unless the answer is a decision on exactly the requested action. */
  decisionOf(answer: StatusAnswer, requested: RequestedAction): Decision;
}
