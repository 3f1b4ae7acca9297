import type { Permit } from '../../contracts/permit.ts';

/** What a person is shown of a permit, in one sentence without its end. */
export function permitSentence({
  state,
  attempt,
  claimed_by,
  claimed_at,
  ended,
  ended_at,
  closed_by,
  closed_at,
}: Permit): string {
  const claimed = `${claimed_by} claimed it ${claimed_at}, attempt ${attempt}`;
  switch (state) {
    case 'free':
      return 'free: the agent has not claimed it and has reported no execution';
    case 'claimed':
      return `claimed: ${claimed}, and has not reported the result`;
    case 'done':
      return closed_at === null ? `done ${ended_at}, by ${claimed_by}` : `done: ${closed_by} closed it ${closed_at}`;
    case 'not_run':
      return closed_at === null
        ? `not run: ${claimed_by} said so ${ended_at}, so it is free again`
        : `not run: ${closed_by} closed it ${closed_at}, so it is free again`;
    case 'unknown':
      return `unknown: ${claimed}, and ${ended === 'failed' ? 'its effect failed' : 'has been silent since'}. It may have run`;
    default:
      return state satisfies never;
  }
}
