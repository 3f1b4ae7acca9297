import type { ActionContext, Priority } from '../../contracts/action.ts';
import type { IngestAnswer, StatusAnswer } from '../../contracts/approval-request.ts';
import type { JsonObject } from '../../contracts/json.ts';

/** What a node asks for. */
export interface Question {
  service: string;
  action: string;
  payload: JsonObject;
  /** Default `medium`. */
  priority?: Priority;
  /** JSON Schema that a patched payload must satisfy. */
  schema?: unknown;
  /** After how long silence rejects. Default: the project's policy, else 24 hours. */
  expiresInMs?: number;
  /** What the host program knows of the call, never the model's words. The thread and the node are filled in. */
  context?: ActionContext;
}

/** What this integration needs of the client: `LetsPing` has it. */
export interface ApprovalClient {
  open(opening: Question & { idempotencyKey?: string }): Promise<IngestAnswer>;
  getStatus(id: string): Promise<StatusAnswer>;
}
