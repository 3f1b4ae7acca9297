import type { LocalCode } from './errors.ts';
import { LetsPingError } from './errors.ts';

/** Members of an options object; the value is the sentence for one that exists elsewhere and is not served here. */
export type KnownMembers = Readonly<Record<string, true | string>>;

/**
 * Refuses a member that would be ignored: a misspelt one, or one of a published client that this client does not serve. A member
 * that is undefined counts as absent.
 * @throws LetsPingError
 */
export function refuseUnknownMembers(
  options: object,
  known: KnownMembers,
  code: Extract<LocalCode, 'LETSPING_CONFIG' | 'LETSPING_INVALID_ARGUMENT'>,
): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const answer = Object.hasOwn(known, name) ? known[name] : undefined;
    if (answer === true) continue;
    throw new LetsPingError(code, answer ?? `unknown option ${JSON.stringify(name)}: nothing would read it`);
  }
}
