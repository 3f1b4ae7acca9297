import { createRig, type Rig } from '../faults/rig.ts';
import { POLICY } from './suite.ts';

/** One deployment for the suites that leave it as they found it; made when the first of them asks. */
export function sharedRig(say: (line: string) => void): { rig: () => Promise<Rig>; stop: () => Promise<void> } {
  let made: Promise<Rig> | undefined;
  return {
    rig: () => (made ??= createRig({ policy: POLICY, say, env: { LOG_LEVEL: 'debug' } })),
    stop: async () => {
      await (await made)?.stop();
    },
  };
}
