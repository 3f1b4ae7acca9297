import { createHash } from 'node:crypto';
import { base64nopad, base64urlnopad } from '@scure/base';
import { KEY_BYTES } from './envelope.ts';

/** A root key. `id` identifies it in the database and does not reveal it. */
export interface NamedKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** The active root key wraps the projects' keys. The others only unwrap what an earlier or the next root key has wrapped. */
export interface RootKey extends NamedKey {
  readonly others: readonly NamedKey[];
}

/** The root key must not be used. The message gives the reason and never contains the key. */
export class RootKeyRefused extends Error {
  override readonly name = 'RootKeyRefused';
}

/** The bytes of base64 or base64url, with or without padding. Strict: undefined for a text that no encoder writes. */
function decoded(text: string): Uint8Array | undefined {
  const bare = text.length === 44 && text.endsWith('=') ? text.slice(0, -1) : text;
  try {
    return (/[-_]/.test(bare) ? base64urlnopad : base64nopad).decode(bare);
  } catch {
    return undefined;
  }
}

function parseOne(text: string): NamedKey {
  const bytes = decoded(text.trim());
  const refuse = (why: string) =>
    new RootKeyRefused(
      `LETSPING_ROOT_KEY ${why}. It is the base64 of 32 random bytes, for example the output of: openssl rand -base64 32`,
    );
  if (bytes?.length !== KEY_BYTES) throw refuse('is not 32 bytes of base64');
  if (new Set(bytes).size < 16) throw refuse('is not random enough');
  if (bytes.every((byte, i) => byte === (bytes[0]! + i) % 256)) throw refuse('is an example from the documentation');
  return {
    id: `root_${createHash('sha256').update('letsping root key id').update(bytes).digest('hex').slice(0, 12)}`,
    bytes,
  };
}

/**
 * Parses `LETSPING_ROOT_KEY`: base64 of 32 random bytes, or several separated by commas. The first one wraps; the others only
 * unwrap, for a rotation without downtime. Refuses keys that are typed or copied, because an attacker would guess them.
 * @throws RootKeyRefused
 */
export function parseRootKey(text: string): RootKey {
  const [active, ...others] = text.split(',').map(parseOne);
  if (!active) throw new RootKeyRefused('LETSPING_ROOT_KEY is empty');
  const ids = [active, ...others].map(({ id }) => id);
  if (new Set(ids).size < ids.length)
    throw new RootKeyRefused(
      'LETSPING_ROOT_KEY names the same key twice. The first of the list wraps, the others only unwrap: name each once',
    );
  return { ...active, others };
}
