/**
 * An agent in a process of its own that runs one action, and ends itself with SIGKILL at a step (CRASH_AT). Its effect appends a line to
 * EFFECTS. Prints one line of JSON: what `run` returned or threw.
 */
import { appendFileSync } from 'node:fs';
import { LetsPing } from '../../dist/client/index.js';

const { CRASH_AT: at, EFFECTS, OPTIONS } = process.env;
const die = (step) => {
  if (step === at) process.kill(process.pid, 'SIGKILL');
};
const options = JSON.parse(OPTIONS);

/** What is allowed at once is claimed by the ingest. */
const claims = (url, init) =>
  /\/claim$/.test(url) || (/\/ingest$/.test(url) && options.service === 'auto' && init.body);
const ends = (url) => /\/claim\/end$/.test(url);

const lp = new LetsPing(undefined, {
  fetch: async (url, init) => {
    if (claims(url, init)) die('before the claim');
    if (ends(url)) die('after the effect');
    const answer = await fetch(url, init);
    await answer.clone().text();
    if (claims(url, init)) die('after the claim');
    if (ends(url)) die('after done');
    return answer;
  },
});

try {
  const result = await lp.run(options, (_, { request_id }) => {
    appendFileSync(EFFECTS, `${request_id}\n`);
    die('in the effect');
    return 'acted';
  });
  console.log(JSON.stringify({ result }));
} catch (error) {
  console.log(JSON.stringify({ code: error.problemCode ?? error.code, state: error.permit?.state }));
}
