const ACCOUNTS = 'adds accounts to the machine; `npm run reliability` tries them out';

/** Commands that no test can run or check here, and why. An entry that no document uses fails the test. */
export const NOT_RUNNABLE: Record<string, string> = {
  'awaithumans dev': 'the peer of a bench, which installs it',
  'git clone https://github.com/letsping/letsping-temporal.git': 'nothing is published yet',
  'kill -9': 'needs a process; `npm run demo` does it',
  'node agent.mjs': 'waits for a person; the file is run',
  'pip install letsping': 'installs from a registry; `.ci/run` does it with a fixed version',
  'sudo useradd --create-home letsping': ACCOUNTS,
  'sudo useradd --create-home agent': ACCOUNTS,
  'sudo -u letsping env HOME=/home/letsping LETSPING_DATA_DIR=/home/letsping/data letsping dev': ACCOUNTS,
  'sudo -u agent env LETSPING_BASE_URL=http://127.0.0.1:4400 LETSPING_API_KEY=lp_test_… node agent.js': ACCOUNTS,
};

/** Inline code of several words that is no command, although it looks like one. */
export const NO_COMMANDS: Record<string, string> = {
  'settle regular': 'the name of rows of a bench',
};
