import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { program } from '../../../faults/program.ts';
import { type Counter, pause, percentile } from '../../suite.ts';

const BARE_SERVER = fileURLToPath(new URL('../../../faults/bare-server.mjs', import.meta.url));
const EVERY_MS = 25;
export const PROMPT_MS = 100;
/** The bare server answered within this time, so the machine had a core to give. */
const FREE_MS = 50;
const MOST_SHARE = 0.01;

export interface Liveness {
  /** Stops asking, and judges. */
  end(count: Counter): Promise<void>;
}

/**
 * Asks `/livez` forty times a second, and a bare server in another process at the same moments. Slow is an answer of the api above 100 ms
 * while the bare server took less than 50: then the api itself was busy, and not the machine. At most one answer of a hundred may be slow.
 */
export async function watchLiveness(url: string): Promise<Liveness> {
  const bare = program({ env: {}, args: [], script: BARE_SERVER, ready: 'ready at' });
  await bare.start();
  const bareUrl = `http://127.0.0.1:${/ready at (\d+)/.exec(bare.log)![1]}/`;
  const agent = new Agent({ keepAlive: true });
  const asked = (address: string) =>
    new Promise<number>((resolve) => {
      const from = performance.now();
      const failed = () => resolve(Number.POSITIVE_INFINITY);
      get(address, { agent, timeout: 30_000 }, (answer) => {
        answer.resume();
        answer.on('end', () =>
          resolve(answer.statusCode === 200 ? performance.now() - from : Number.POSITIVE_INFINITY),
        );
        answer.on('error', failed);
      }).on('error', failed);
    });
  const probes: [api: number, bare: number][] = [];
  let isOver = false;
  const running = new Set<Promise<void>>();
  const asking = (async () => {
    while (!isOver) {
      const probe: Promise<void> = Promise.all([asked(`${url}/livez`), asked(bareUrl)]).then((took) => {
        probes.push(took);
        running.delete(probe);
      });
      running.add(probe);
      await pause(EVERY_MS);
    }
  })();
  return {
    async end(count) {
      isOver = true;
      await asking;
      await Promise.all(running);
      agent.destroy();
      await bare.stop();
      const slow = probes.filter(([api, free]) => api > PROMPT_MS && free < FREE_MS);
      const figures = (at: 0 | 1) => {
        const all = probes.map((probe) => probe[at]);
        return `p50 ${percentile(all, 0.5).toFixed(0)}, p95 ${percentile(all, 0.95).toFixed(0)}, p99 ${percentile(all, 0.99).toFixed(0)}, max ${Math.max(...all).toFixed(0)} ms`;
      };
      count.note(
        `/livez, asked ${probes.length} times: ${figures(0)}; a bare server at the same moments: ${figures(1)}; ${slow.length} answers above ${PROMPT_MS} ms while the bare server took less than ${FREE_MS}`,
      );
      count.check(
        probes.length > 0 && probes.every(([api]) => Number.isFinite(api)),
        () => '/livez got no answer, or another than 200',
      );
      count.check(
        slow.length <= Math.max(2, probes.length * MOST_SHARE),
        () => `/livez was slow ${slow.length} times of ${probes.length}: ${figures(0)}`,
      );
    },
  };
}
