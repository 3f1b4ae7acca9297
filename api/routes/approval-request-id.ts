/** `{id}` in the path of a route about one approval request. */
export const REQUEST_ID = { id: { prefix: 'req', noun: 'approval request' } } as const;
