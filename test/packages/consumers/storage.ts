/** A consumer of the store for processes that have the database. */
import { type OpenThreadStoreOptions, openThreadStore, type ThreadStore } from 'letsping-temporal/storage';

export async function deleteThread(options: OpenThreadStoreOptions, thread: string): Promise<void> {
  const { store, close } = await openThreadStore(options);
  const opened: ThreadStore = store;
  try {
    await opened.deleteThread(thread);
  } finally {
    await close();
  }
}
