/** The library's public entry. Its files import nothing server-only. */
export type { ActionContext, Priority } from '../contracts/action.ts';
export type { ExecutedAnswer, IngestAnswer, StatusAnswer } from '../contracts/approval-request.ts';
export type { Outcome } from '../contracts/decision.ts';
export type { JsonObject } from '../contracts/json.ts';
export type { Finding } from '../contracts/verdict.ts';
export type { AskOptions, RequestedAction } from './ask-options.ts';
export { approvedPayload, type Decision } from './decision.ts';
export { ApprovalRejectedError, ExecutionReportError, type LetsPingCode, LetsPingError } from './errors.ts';
export { LetsPing, type LetsPingOptions } from './lets-ping.ts';
export type { ApprovalTool } from './tool.ts';
export type { WaitOptions } from './wait.ts';
