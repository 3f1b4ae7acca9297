/** Approval for LangGraph: a sealed checkpointer that raises requests, `pause` for nodes, and the worker that resumes threads. */

export type { ThreadStore } from '../../domain/thread/ports.ts';
export type { OnGraphError } from './activity-errors.ts';
export { type CheckpointerOptions, LetsPingCheckpointer } from './checkpointer.ts';
export type { ApprovalClient, Question } from './client.ts';
export { pause } from './pause.ts';
export type { PausedQuestion } from './paused.ts';
export type { ResumableGraph } from './resume-thread.ts';
export { type ResumeWorker, type ResumeWorkerOptions, resumeWorker } from './resume-worker.ts';
