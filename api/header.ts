import type { IncomingMessage } from 'node:http';

/** A header of the request; its name is in lower case. Repeated ones are joined, as Node does for most. */
export function headerOf({ headers }: Pick<IncomingMessage, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'object' ? value.join(', ') : value;
}
