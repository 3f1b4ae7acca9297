// A transaction awaits `client.query`, a pool passes a callback: the patched function supports both.

/** Runs `work` with the arguments without the callback. The result goes to the callback, or else to the returned promise. */
export function answer(given, work) {
  if (typeof given.at(-1) !== 'function') return work(given);
  const callback = given.at(-1);
  work(given.slice(0, -1)).then((result) => callback(null, result), callback);
}

/** The driver's own query as a promise; it supports callbacks only. */
export const promised = (client, query, args) =>
  new Promise((resolve, reject) => {
    query.call(client, ...args, (error, result) => (error ? reject(error) : resolve(result)));
  });
