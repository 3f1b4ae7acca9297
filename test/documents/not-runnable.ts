/** Commands that no test can run or check here, and why. An entry that no document uses fails the test. */
export const NOT_RUNNABLE: Record<string, string> = {
  'awaithumans dev': 'the peer of a bench, which installs it',
  'kill -9': 'needs a process; `npm run demo` does it',
  'pip install letsping': 'installs from a registry; `.ci/run` does it with a fixed version',
};

/** Inline code of several words that is no command, although it looks like one. */
export const NO_COMMANDS: Record<string, string> = {
  'settle regular': 'the name of rows of a bench',
};
