import { LetsPing } from 'letsping-temporal';
import { openThreadStore } from 'letsping-temporal/storage';
import { officeGraph } from './graph.ts';

function needed(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing: start the example with \`npm run demo\`, or set this variable`);
  return value;
}

/** The graph with the services that the environment names. */
export async function officeFromEnvironment() {
  const { store, close } = await openThreadStore({
    databaseUrl: needed('DATABASE_URL'),
    rootKey: needed('LETSPING_ROOT_KEY'),
    projectId: needed('LETSPING_PROJECT_ID'),
  });
  const lp = new LetsPing(needed('LETSPING_API_KEY'), { baseUrl: needed('LETSPING_BASE_URL') });
  return {
    graph: officeGraph({ lp, store, effectsFile: needed('EFFECTS_FILE'), journalFile: needed('JOURNAL_FILE') }),
    close,
  };
}
