import type { TestSystem } from './system.ts';

/** Helpers for the requests of a system: decide, read, get the workflow, wait for the resolution. */
export function approvalsOf(system: () => TestSystem) {
  const decide = (id: string, body: object, key = system().approver_api_key, headers = {}) =>
    system().call(key, 'POST', `/api/approval-requests/${id}/decisions`, body, headers);
  const detail = async (id: string, key = system().approver_api_key) =>
    (await system().call(key, 'GET', `/api/approval-requests/${id}`)).body;
  const workflow = (id: string) => system().temporal.workflow.getHandle(`approval/${id}`);
  const resolved = async (id: string) => {
    for (let i = 0; i < 100; i++) {
      const found = await detail(id);
      if (found.status !== 'pending') return found;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${id} is still pending`);
  };
  return { decide, detail, workflow, resolved };
}
