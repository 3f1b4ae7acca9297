import { isId } from '../../crypto/ids.ts';
import { DomainError } from '../../domain/errors.ts';

/** The last row of a page. Opaque to callers, and it contains only what they have already seen. */
export const cursorOf = ({ created_at, id }: { created_at: Date; id: string }): string =>
  Buffer.from(`${created_at.toISOString()} ${id}`).toString('base64url');

/** PostgreSQL refuses other dates that JavaScript reads, and the year 10000. */
const isInstant = (text: string) => /^2\d{3}-/.test(text) && !Number.isNaN(Date.parse(text));

/** Strict: `Buffer` skips what is not base64url, so the text has to be the one that `cursorOf` writes. */
export function parseCursor(text: string | undefined): { created_at: string; id: string } | undefined {
  if (text === undefined) return undefined;
  const [created_at = '', id = ''] = Buffer.from(text, 'base64url').toString().split(' ');
  if (!isInstant(created_at) || !isId('req', id) || cursorOf({ created_at: new Date(created_at), id }) !== text)
    throw new DomainError('invalid_request', 'cursor: not a cursor of this API.');
  return { created_at, id };
}
