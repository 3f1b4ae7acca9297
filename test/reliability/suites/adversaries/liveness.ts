import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import type { Rig } from '../../../faults/rig.ts';
import { type Counter, type Form, pause, percentile } from '../../suite.ts';

const EVERY_MS = 25;
const PROMPT_MS = 100;
const MOST_SHARE = 0.01;

export interface Liveness {
  /** Stops asking, and judges: each call was answered, and in the whole form in time. Tests beside it need no times. */
  end(what: string, count: Counter, form: Form): Promise<void>;
}

/** How long the main thread of a process has had a core, in ms. */
function cpuMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return Number.NaN; // not Linux, or the process has ended
  }
}

/**
 * Asks `/livez` forty times a second. On a machine that everything shares an answer may take long because others had the cores, so what counts is
 * how long the main thread of the api worked between question and answer: with a free core the answer takes that long. Of a hundred
 * answers at most one may take more than 100 ms of it.
 */
export async function watchLiveness({ url, api }: Rig): Promise<Liveness> {
  const agent = new Agent({ keepAlive: true });
  const asked = () =>
    new Promise<boolean>((resolve) => {
      get(`${url}/livez`, { agent, timeout: 30_000 }, (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode === 200));
        answer.on('error', () => resolve(false));
      }).on('error', () => resolve(false));
    });
  const took: number[] = [];
  const worked: number[] = [];
  const running = new Set<Promise<void>>();
  let wrong = 0;
  let isOver = false;
  const probe = async () => {
    const [from, before] = [performance.now(), cpuMs(api.pid ?? 0)];
    if (!(await asked())) wrong += 1;
    took.push(performance.now() - from);
    worked.push(cpuMs(api.pid ?? 0) - before);
  };
  const asking = (async () => {
    for (; !isOver; await pause(EVERY_MS)) {
      const one: Promise<void> = probe().finally(() => running.delete(one));
      running.add(one);
    }
  })();
  const figures = (all: number[]) =>
    `p50 ${percentile(all, 0.5).toFixed(0)}, p95 ${percentile(all, 0.95).toFixed(0)}, p99 ${percentile(all, 0.99).toFixed(0)}, max ${Math.max(...all).toFixed(0)} ms`;
  return {
    async end(what, count, form) {
      isOver = true;
      await asking;
      await Promise.all(running);
      agent.destroy();
      count.check(took.length > 0 && wrong === 0, () => `/livez got no answer, or another than 200, ${wrong} times`);
      if (worked.some(Number.isNaN)) {
        count.skip(1, 'the work of a thread can be read on Linux only');
        return;
      }
      const slow = worked.filter((ms) => ms > PROMPT_MS).length;
      count.note(
        `/livez beside ${what}, asked ${took.length} times: ${figures(took)}; work of the api until its answer, which is the time on a free core: ${figures(worked)}; ${slow} above ${PROMPT_MS} ms`,
      );
      if (form !== 'whole') return;
      count.check(
        slow <= took.length * MOST_SHARE,
        () => `/livez beside ${what} was slow ${slow} times of ${took.length}: ${figures(worked)}`,
      );
    },
  };
}
