/** Set by `letsping dev` for a program that it starts before its database is there. */
export const LATE_SETTINGS = 'LETSPING_LATE_SETTINGS';

/**
 * The environment of a program. `letsping dev` sends it over the channel of its child process when the database is ready: until then the
 * program loads its code. A program whose parent has ended ends too.
 */
export function settingsOf(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  if (env[LATE_SETTINGS] !== '1' || process.send === undefined) return Promise.resolve(env);
  return new Promise((resolve) => {
    const onDisconnect = () => process.exit(1);
    process.once('disconnect', onDisconnect);
    process.once('message', (settings) => {
      process.off('disconnect', onDisconnect);
      // Node hands over messages that came before the listener, and needs the channel until it has.
      setImmediate(() => process.connected && process.disconnect());
      resolve(settings as NodeJS.ProcessEnv);
    });
    // The parent ended while this program loaded: that event has passed.
    if (!process.connected) setImmediate(onDisconnect);
  });
}
