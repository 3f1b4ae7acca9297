// Preload (`node --import`): injects seeded faults into the statements of this process, with the five kinds of Temporal's own
// injector. FAULT_RATE is their share of all statements and commits; FAULT_SEED makes them repeatable.
import pg from 'pg';
import { answer, promised } from './patched-query.mjs';

const rate = Number(process.env.FAULT_RATE ?? 0);
let state = Number(process.env.FAULT_SEED ?? 1) >>> 0;
const random = () => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 4_294_967_296;
};
const failure = (message, code) => Object.assign(new Error(message), code && { code });
const FAULTS = {
  Timeout: () => failure('Query read timeout'),
  ResourceExhausted: () => failure('sorry, too many clients already', '53300'),
  Unavailable: () => failure('terminating connection due to administrator command', '57P01'),
  ShardOwnershipLost: () => failure('cannot execute INSERT in a read-only transaction', '25006'),
  ExecuteAndTimeout: () => failure('Query read timeout'),
};
const NAMES = Object.keys(FAULTS);
const textOf = (query) => (typeof query === 'string' ? query : (query?.text ?? ''));

const query = pg.Client.prototype.query;
pg.Client.prototype.query = function faulty(...given) {
  if (/^(begin|rollback|listen)/i.test(textOf(given[0])) || random() >= rate) return query.apply(this, given);
  const name = NAMES[Math.floor(random() * NAMES.length)];
  process.stderr.write(`fault ${name}\n`);
  return answer(given, async (args) => {
    if (name === 'ExecuteAndTimeout') await promised(this, query, args);
    this.connection.stream.destroy();
    throw FAULTS[name]();
  });
};
