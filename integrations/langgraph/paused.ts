/** The value with which `pause` interrupts: what a person sees in `getState`, beside the approval itself. */
export interface PausedQuestion {
  letsping_request_id: string;
  service: string;
  action: string;
}

/** Registered, so that a second copy of this package knows it too. */
const PAUSED = Symbol.for('letsping.paused');

/**
 * Marks a question as one whose request `pause` opened. A symbol, because an interrupt's value may hold what a model wrote, and
 * JSON cannot say a symbol: no text can pass for the id of a request that somebody approved already.
 */
export function pausedQuestion(question: PausedQuestion): PausedQuestion {
  return Object.defineProperty({ ...question }, PAUSED, { value: true, enumerable: false });
}

export function pausedRequestOf(question: unknown): string | undefined {
  if (typeof question !== 'object' || question === null || !(PAUSED in question)) return undefined;
  return (question as unknown as PausedQuestion).letsping_request_id;
}
