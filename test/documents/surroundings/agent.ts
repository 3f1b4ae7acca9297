import { LetsPing } from 'letsping-temporal';

/** What an agent's program has around a snippet. */
export const lp = new LetsPing();

type Json = Record<string, unknown>;

/** A tool with an effect. It prints what it was called with, so that a test sees it. */
export async function refund(payload: Json, _key?: unknown): Promise<string> {
  console.log(`refunded ${JSON.stringify(payload)}`);
  return 're_1';
}

export const payload = { to: 'lea@ours.example', subject: 'Minutes', body: 'See you on Monday.' };

/** The trusted request, before any tool ran. */
export const task = 'Send the minutes to lea@ours.example.';
