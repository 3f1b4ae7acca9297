// Preload (`node --import`): this process kills itself at a named step, CRASH_AT=<step>.<before|inside|after-commit>:<n>, the n-th time
// that it reaches the step. SIGKILL, so that no handler runs and nothing is flushed.
import pg from 'pg';
import { answer, promised } from './patched-query.mjs';

const STEPS = {
  'idempotency-lock-taken': /insert into idempotency_keys/,
  'request-written': /insert into approval_requests/,
  // Allowed requests that share one statement.
  'requests-written-together': /^with project .* given \(.*insert into approval_requests/s,
  'verdict-read': /as front from approval_requests r where r\.project_id = \$1 and r\.id = \$2(?! for update)/,
  'start-marked': /set workflow_started_at/,
  'ledger-written': /insert into ledger/,
  // Between a commit and its notice.
  'notice-sent': /^select pg_notify\('letsping'/,
  'thread-notified': /update deliveries set delivered_at/,
  'payloads-removed': /update approval_requests r set sealed/,
  'execution-reported': /insert into claims/,
};
const [, step, point, count] = /^([a-z-]+)\.(before|inside|after-commit):(\d+)$/.exec(process.env.CRASH_AT ?? '') ?? [];
if (!STEPS[step])
  throw new Error(`CRASH_AT names one of ${Object.keys(STEPS).join(', ')}, such as ledger-written.after-commit:1`);
let left = Number(count);
const arrive = () => {
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
};

const query = pg.Client.prototype.query;
pg.Client.prototype.query = function crashing(...given) {
  const text = typeof given[0] === 'string' ? given[0] : (given[0]?.text ?? '');
  const isStep = STEPS[step].test(text);
  if (/^begin/i.test(text)) [this.isAtStep, this.isOpen] = [false, true];
  if (isStep) this.isAtStep = true;
  const commits = this.isOpen ? /^commit/i.test(text) : isStep; // a single statement is its own transaction
  if (/^(commit|rollback)/i.test(text)) this.isOpen = false;
  if (isStep && point === 'before') arrive();
  const isMoment = point === 'inside' ? isStep : point === 'after-commit' && this.isAtStep && commits;
  if (!isMoment) return query.apply(this, given);
  return answer(given, async (args) => {
    const result = await promised(this, query, args);
    arrive();
    return result;
  });
};
