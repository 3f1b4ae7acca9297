import { answerJobs } from '../../runtime/threads/answer-jobs.ts';
import { pageText } from './layout.ts';
import { requestPage } from './request.ts';

/** The program that renders large pages of requests. */

/** A browser shows more only after seconds, if at all. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

answerJobs((view = '') => {
  const text = pageText(requestPage(JSON.parse(view)));
  if (text.length > MAX_CHARACTERS) throw new Error('the page is too large');
  return text;
});
