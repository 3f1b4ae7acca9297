import { createRig, type Rig } from '../faults/rig.ts';
import { POLICY } from './suite.ts';

/** One deployment shared by suites that do not change it; created on first use. */
export function sharedRig(say: (line: string) => void): { rig: () => Promise<Rig>; stop: () => Promise<void> } {
  let made: Promise<Rig> | undefined;
  return {
    rig: () => (made ??= createRig({ policy: POLICY, say, env: { LOG_LEVEL: 'debug' } })),
    stop: async () => {
      await (await made)?.stop();
    },
  };
}
