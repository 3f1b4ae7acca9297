/** The value of an interrupt of `pause`, as `getState` shows it. */
export interface PausedQuestion {
  letsping_request_id: string;
  service: string;
  action: string;
}

/** In the global registry, so that a second copy of this package has the same symbol. */
const PAUSED = Symbol.for('letsping.paused');

/**
 * Marks the value of an interrupt as one whose request `pause` has opened. The mark is a symbol, because a model may have written
 * the value of an interrupt: JSON has no symbols, so a model cannot name the id of a request that is already approved.
 */
export function pausedQuestion(question: PausedQuestion): PausedQuestion {
  return Object.defineProperty({ ...question }, PAUSED, { value: true, enumerable: false });
}

export function pausedRequestOf(question: unknown): string | undefined {
  if (typeof question !== 'object' || question === null || !(PAUSED in question)) return undefined;
  return (question as unknown as PausedQuestion).letsping_request_id;
}
