import * as wf from '@temporalio/workflow';
import { ACTIVITY, type Activities, type ActivityName, type Registered } from '../contracts/activities.ts';

/** An activity by its short name; the server schedules it under its registered name. */
export const activity = <Name extends ActivityName>(name: Name, options: wf.ActivityOptions): Activities[Name] =>
  wf.proxyActivities<Registered<Activities>>(options)[ACTIVITY[name]] as Activities[Name];

/** As `activity`, run inside the workflow task: no round trip, one marker in the history. */
export const localActivity = <Name extends ActivityName>(
  name: Name,
  options: wf.LocalActivityOptions,
): Activities[Name] => wf.proxyLocalActivities<Registered<Activities>>(options)[ACTIVITY[name]] as Activities[Name];
