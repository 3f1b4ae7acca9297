/** The library's public entry. Its files import nothing server-only. */
export type { ActionContext, Priority } from '../contracts/action.ts';
export type { ExecutedAnswer, IngestAnswer, StatusAnswer } from '../contracts/approval-request.ts';
export type { Outcome } from '../contracts/decision.ts';
export type { JsonObject } from '../contracts/json.ts';
export type { Permit } from '../contracts/permit.ts';
export type { Finding } from '../contracts/verdict.ts';
export type { AskOptions, RequestedAction } from './ask-options.ts';
export { approvedPayload, type Decision } from './decision.ts';
export {
  ApprovalRejectedError,
  ExecutionReportError,
  type LetsPingCode,
  LetsPingError,
  NotRun,
  PermitRefusedError,
} from './errors.ts';
export { type ClaimOptions, type Effect, LetsPing, type LetsPingOptions, type RunOptions } from './lets-ping.ts';
export type { HeldClaim } from './permit.ts';
export type { ApprovalTool } from './tool.ts';
export type { WaitOptions } from './wait.ts';
