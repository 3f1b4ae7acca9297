/** Schemas and types of everything that crosses a boundary. */
export * from './action.ts';
export * from './activities.ts';
export * from './approval-request.ts';
export * from './decision.ts';
export * from './decision-type.ts';
export * from './error-codes.ts';
export * from './events.ts';
export * from './guardrails.ts';
export * from './json.ts';
export * from './key.ts';
export * from './policy.ts';
export * from './policy-change.ts';
export * from './policy-simulation.ts';
export * from './problem.ts';
export * from './receipt.ts';
export * from './verdict.ts';
export * from './workflow.ts';
