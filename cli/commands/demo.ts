import { existsSync } from 'node:fs';
import { CommandFailed, UsageError } from '../command.ts';
import { defineCommand } from '../define-command.ts';

/** The demo and its agents are in the repository, not in the package. */
const AGENTS = new URL('../../examples/office-agents/', import.meta.url);
const REPOSITORY = 'https://github.com/letsping/letsping-temporal.git';

export const demo = defineCommand({
  name: 'demo',
  summary: 'show the main use from end to end (in a clone of the repository)',
  details: [
    "Starts its own system in a temporary folder. LangGraph agents propose eight actions, five of them risky. The risky ones wait in Temporal workflows while the agents' processes end and the workers are killed with -9. Then they are decided, and the threads continue in new workers. The report lists all effects and verifies every receipt offline.",
  ],
  options: {
    ask: { type: 'boolean', description: 'you decide: a approve, r reject, e edit, o open page' },
    json: { type: 'boolean', description: 'print the report as one JSON document' },
  },
  examples: ['npm run demo', 'npm run demo -- --ask'],
  async run(values, terminal) {
    if (!existsSync(AGENTS))
      throw new CommandFailed(
        'demo_not_installed',
        'the demo is not part of the package: it runs from a clone of the repository',
        `git clone ${REPOSITORY} letsping-temporal && cd letsping-temporal && npm ci && npm run demo`,
      );
    if (values.ask && !terminal.interactive) throw new UsageError('--ask needs a terminal');
    return (await import('../demo/own-system.ts')).demoOnOwnSystem(values, terminal);
  },
});
