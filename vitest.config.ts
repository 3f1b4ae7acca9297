import { defineConfig } from 'vitest/config';
import { LaneOrder } from './test/helpers/lane-order.ts';

/**
 * Lanes: `unit` needs no service; the others share one PostgreSQL and one Temporal dev server per run, which
 * `test/helpers/services.ts` starts (or takes from DATABASE_URL and TEMPORAL_ADDRESS, loopback only).
 */
const lane = (name: string, include: string[], options: Record<string, unknown> = {}) => ({
  test: {
    name,
    include,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    setupFiles: ['test/helpers/source-tree-guard.ts'],
    // Files share a process, which loads and compiles their imports once. Before each test what `vi` changed is undone.
    isolate: false,
    restoreMocks: true,
    unstubEnvs: true,
    sequence: { groupOrder: 1 },
    ...options,
  },
});

/** These judge how long others wait beside an attack: before all others, alone, and one after the other. */
const MEASURING = ['test/reliability/short/{hostile-agent,hostile-approver,network}.test.ts'];

export default defineConfig({
  test: {
    globalSetup: ['test/helpers/services.ts'],
    // More than two cores: half of the time tests wait for deadlines, retries and processes that start.
    maxWorkers: 3,
    sequence: { sequencer: LaneOrder },
    // The longest files first.
    projects: [
      lane('measuring', MEASURING, { maxWorkers: 1, sequence: { groupOrder: 0 } }),
      lane('reliability', ['test/reliability/**/*.test.ts'], { exclude: MEASURING }),
      lane('temporal', ['test/{workflows,activities,workers}/**/*.test.ts']),
      lane('e2e', ['test/{e2e,cli,documents,packages}/**/*.test.ts']),
      lane('langgraph', ['test/integrations/langgraph/**/*.test.ts'], { globals: true }),
      lane('postgres', ['test/{storage,api}/**/*.test.ts']),
      lane('unit', ['test/{contracts,domain,crypto,receipts,client,runtime}/**/*.test.ts', 'test/*.test.ts']),
      // `npm run histories` alone: writes test/histories/, tests nothing.
      ...(process.env['LETSPING_RECORD'] ? [lane('record', ['test/histories/record.ts'], { setupFiles: [] })] : []),
    ],
  },
});
