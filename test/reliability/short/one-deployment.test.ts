import { shortForm } from '../short-form.ts';
import { foreign, messages, namespaceWriter, ownRequests } from '../suites/access.ts';
import { deadlines, diskFull, noWorker, races } from '../suites/deciding.ts';
import { canaries, guardrails } from '../suites/fail-closed.ts';
import { longDeadlines } from '../suites/long-deadlines.ts';
import { starts } from '../suites/outages.ts';

shortForm(
  races,
  deadlines,
  longDeadlines,
  noWorker,
  diskFull,
  starts,
  foreign,
  ownRequests,
  messages,
  namespaceWriter,
  canaries,
  guardrails,
);
