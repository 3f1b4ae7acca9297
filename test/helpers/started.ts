import type { Client } from '@temporalio/client';

/** Waits until the workflow of an acknowledged request exists, for tests that use it without the api. */
export async function started(temporal: Client, request_id: string): Promise<void> {
  const handle = temporal.workflow.getHandle(`approval/${request_id}`);
  for (let tries = 0; ; tries++) {
    try {
      await handle.describe();
      return;
    } catch (error) {
      if (tries === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
