import * as wf from '@temporalio/workflow';

/**
 * Ends a run that the product did not start, or whose input nobody here can read. Anything else would fail its task again and again,
 * and so occupy the workflow id.
 */
export const foreign = (why: string): wf.ApplicationFailure => wf.ApplicationFailure.nonRetryable(why, 'foreign');
