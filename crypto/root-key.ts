import { createHash } from 'node:crypto';
import { KEY_BYTES } from './envelope.ts';

/** One root key. `id` names it in the database without giving it away. */
export interface NamedKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** The root key that wraps every project's key, and those that only open what an earlier one, or the next one, has wrapped. */
export interface RootKey extends NamedKey {
  readonly others: readonly NamedKey[];
}

/** A root key that must not be used, and why. Its message never holds the key. */
export class RootKeyRefused extends Error {
  override readonly name = 'RootKeyRefused';
}

function parseOne(text: string): NamedKey {
  const trimmed = text.trim();
  const bytes = Buffer.from(trimmed, 'base64');
  const refuse = (why: string) =>
    new RootKeyRefused(
      `LETSPING_ROOT_KEY ${why}. It is the base64 of 32 random bytes, for example the output of: openssl rand -base64 32`,
    );
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed) || bytes.length !== KEY_BYTES) throw refuse('is not 32 bytes of base64');
  if (new Set(bytes).size < 16) throw refuse('is too regular to be random');
  if (bytes.every((byte, i) => byte === (bytes[0]! + i) % 256)) throw refuse('is an example from the documentation');
  return {
    id: `root_${createHash('sha256').update('letsping root key id').update(bytes).digest('hex').slice(0, 12)}`,
    bytes,
  };
}

/**
 * Parses `LETSPING_ROOT_KEY`: base64 of 32 random bytes, or several with commas between them. The first wraps; the others only
 * open, which is what a rotation without downtime needs. Refuses what a person would type: the attacker guesses.
 * @throws RootKeyRefused
 */
export function parseRootKey(text: string): RootKey {
  const [active, ...others] = text.split(',').map(parseOne);
  if (!active) throw new RootKeyRefused('LETSPING_ROOT_KEY is empty');
  const ids = [active, ...others].map(({ id }) => id);
  if (new Set(ids).size < ids.length)
    throw new RootKeyRefused(
      'LETSPING_ROOT_KEY names the same key twice. The first of the list wraps, the others only open: each is named once',
    );
  return { ...active, others };
}
