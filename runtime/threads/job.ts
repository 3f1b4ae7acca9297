/** What goes to a thread and back: text in, text out, so that no object of a stranger is copied by the thread that serves. */
export interface Job {
  id: number;
  input: readonly string[];
}
/** `failed`: the program threw. */
export type JobAnswer = { id: number } & ({ output: string } | { failed: true });
/** The thread has loaded its code. */
export const READY = 'ready';
