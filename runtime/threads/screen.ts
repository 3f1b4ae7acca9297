import { screenAction } from '../../domain/firewall/screen.ts';
import { loadParsers } from '../parsers.ts';
import { answerJobs } from './answer-jobs.ts';

/** The program that screens large payloads. It starts to answer when the parsers are loaded. */
const parsers = await loadParsers();

answerJobs((call = '', policy = '') => {
  const { action, context, of } = JSON.parse(call);
  return JSON.stringify(screenAction(action, context, JSON.parse(policy), undefined, { parsers, ...of }));
});
