import type { Client } from '@temporalio/client';

const NOT_FOUND = 5;

type Events = NonNullable<Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>['events']>;

/**
 * Billable Actions of a history, by the published list: start, timer, Signal, accepted Update, scheduled activity, and one for all
 * local activities of one workflow task. Queries are not in a history, and none is sent here.
 */
function actionsOf(events: Events): number {
  let actions = 0;
  const tasksWithMarkers = new Set<string>();
  for (const event of events) {
    if (
      event.workflowExecutionStartedEventAttributes ||
      event.timerStartedEventAttributes ||
      event.workflowExecutionSignaledEventAttributes ||
      event.workflowExecutionUpdateAcceptedEventAttributes ||
      event.activityTaskScheduledEventAttributes ||
      event.upsertWorkflowSearchAttributesEventAttributes ||
      event.startChildWorkflowExecutionInitiatedEventAttributes
    )
      actions += 1;
    const marker = event.markerRecordedEventAttributes;
    if (marker) tasksWithMarkers.add(String(marker.workflowTaskCompletedEventId));
  }
  return actions + tasksWithMarkers.size;
}

/** Events and Actions of one workflow; zeros if it does not exist. */
export async function countsOf(client: Client, workflowId: string): Promise<{ events: number; actions: number }> {
  try {
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    return { events: events?.length ?? 0, actions: actionsOf(events ?? []) };
  } catch (error) {
    if ((error as { code?: number }).code === NOT_FOUND) return { events: 0, actions: 0 };
    throw error;
  }
}
