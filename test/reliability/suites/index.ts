import type { Suite } from '../suite.ts';
import { foreign, messages, namespaceWriter, ownRequests } from './access.ts';
import { buggyBotProgram } from './adversaries/buggy-bot.ts';
import { databaseWriterProgram } from './adversaries/database-writer.ts';
import { hostileAgentProgram } from './adversaries/hostile-agent.ts';
import { hostileApproverProgram } from './adversaries/hostile-approver.ts';
import { hostileBodiesProgram } from './adversaries/hostile-bodies.ts';
import { namespaceWriterProgram } from './adversaries/namespace-writer.ts';
import { networkProgram } from './adversaries/network.ts';
import { otherAccountProgram } from './adversaries/other-account.ts';
import { otherLoginProgram } from './adversaries/other-login.ts';
import { resumeWorkerProgram } from './adversaries/resume-worker.ts';
import { clocks, deadlines, diskFull, noWorker, races } from './deciding.ts';
import { canaries, guardrails } from './fail-closed.ts';
import { killMatrix } from './kill-matrix.ts';
import { longDeadlines } from './long-deadlines.ts';
import { crashPoints, faults, postgresAway, starts, temporalAway } from './outages.ts';

/** In the order of the report. */
export const SUITES: Suite[] = [
  killMatrix,
  crashPoints,
  faults,
  races,
  deadlines,
  clocks,
  longDeadlines,
  noWorker,
  diskFull,
  temporalAway,
  postgresAway,
  starts,
  foreign,
  ownRequests,
  messages,
  namespaceWriter,
  namespaceWriterProgram,
  resumeWorkerProgram,
  databaseWriterProgram,
  buggyBotProgram,
  otherLoginProgram,
  otherAccountProgram,
  hostileApproverProgram,
  hostileBodiesProgram,
  hostileAgentProgram,
  networkProgram,
  canaries,
  guardrails,
];
