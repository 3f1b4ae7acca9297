// A transaction awaits `client.query`, a pool hands it a callback: a patch in its place has to serve both.

/** Runs `work` with the arguments but the callback; its outcome goes to the callback if there is one, else to whoever awaits. */
export function answer(given, work) {
  if (typeof given.at(-1) !== 'function') return work(given);
  const callback = given.at(-1);
  work(given.slice(0, -1)).then((result) => callback(null, result), callback);
}

/** The driver's own query, awaited: its own objects answer by callback alone. */
export const promised = (client, query, asked) =>
  new Promise((resolve, reject) => {
    query.call(client, ...asked, (error, result) => (error ? reject(error) : resolve(result)));
  });
