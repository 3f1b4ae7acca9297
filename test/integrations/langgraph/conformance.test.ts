import { deltaChannelHistoryTests, validate } from '@langchain/langgraph-checkpoint-validation';
import { afterAll } from 'vitest';
import { LetsPingCheckpointer } from '../../../integrations/langgraph/index.ts';
import { createGround, type Ground } from './fixtures.ts';

/** The published contract, 718 and 8 specs. Each checkpointer has its own project, because `list` without a thread returns all threads. */
let ground: Ground;
const init = {
  checkpointerName: 'letsping',
  beforeAllTimeout: 120_000,
  beforeAll: async () => {
    ground ??= await createGround();
  },
  createCheckpointer: async () => new LetsPingCheckpointer({ store: (await ground.project()).store }),
};
validate(init);
deltaChannelHistoryTests(init);

afterAll(() => ground.database.drop());
