import type { Program } from './program.ts';
import type { TcpProxy } from './tcp-proxy.ts';

/** Processes of one kind as one program: what is done to it is done to each, and it runs while all of them run. */
export const together = (programs: readonly [Program, ...Program[]]): Program => {
  const each = async (act: (one: Program) => Promise<void>) => void (await Promise.all(programs.map(act)));
  return {
    get pid() {
      return programs.every(({ pid }) => pid !== undefined) ? programs[0].pid : undefined;
    },
    get log() {
      return programs.map(({ log }) => log).join('');
    },
    start: (extra) => each(async (one) => (one.pid === undefined ? one.start(extra) : undefined)),
    kill: () => each((one) => one.kill()),
    stop: () => each((one) => one.stop()),
    gone: () => Promise.race(programs.map((one) => one.gone())),
  };
};

/** The connections of processes of one kind as one: its weather is that of each. */
export const gateOf = (gates: readonly [TcpProxy, ...TcpProxy[]]): TcpProxy => ({
  port: gates[0].port,
  async set(weather) {
    await Promise.all(gates.map((gate) => gate.set(weather)));
  },
  cutAfter: (bytes) => gates.forEach((gate) => void gate.cutAfter(bytes)),
  reset: () => gates.forEach((gate) => void gate.reset()),
  async stop() {
    await Promise.all(gates.map((gate) => gate.stop()));
  },
});
