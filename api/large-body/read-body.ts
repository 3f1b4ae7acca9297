import type { IncomingMessage } from 'node:http';
import type { Principal } from '../../domain/access/permissions.ts';
import { DomainError } from '../../domain/errors.ts';
import { type BodyLimit, bodyTooLarge, LIMIT_BYTES } from '../middleware/json-body.ts';

/** Bytes of large bodies in this process that arrive or wait: of all, of a project, of a key. */
const MOST_BYTES = { all: 256 * 1024 * 1024, project: 128 * 1024 * 1024, key: 64 * 1024 * 1024 };
/** A compressed body that cannot be compressed is a little larger than what it holds. */
const COMPRESSED_SHARE = 1.01;

/** Memory for bodies. What was not read yet takes none, so senders that wait hold nothing. */
export interface BodyMemory {
  /** Reads the body as it was sent, and calls `use` with it; its memory is free afterwards. @throws DomainError */
  read<T>(req: IncomingMessage, who: Principal, limit: BodyLimit, use: (body: Buffer) => Promise<T>): Promise<T>;
}

export function createBodyMemory(): BodyMemory {
  const held = new Map<string, number>();
  const namesOf = ({ project_id, key_id }: Principal) =>
    [
      [`${project_id} ${key_id}`, MOST_BYTES.key, 'key'],
      [project_id, MOST_BYTES.project, 'project'],
      ['', MOST_BYTES.all, 'all'],
    ] as const;

  const take = (who: Principal, bytes: number) => {
    for (const [name, most, of] of namesOf(who)) {
      if ((held.get(name) ?? 0) + bytes <= most) continue;
      if (of === 'all')
        throw new DomainError('overloaded', 'Too many large bodies arrive at once. Nothing was read of this one.', {
          retry_after: 1,
        });
      throw new DomainError('rate_limited', `Too many large bodies of this ${of} arrive at once.`, { retry_after: 1 });
    }
    for (const [name] of namesOf(who)) held.set(name, (held.get(name) ?? 0) + bytes);
  };
  const give = (who: Principal, bytes: number) => {
    for (const [name] of namesOf(who)) {
      const left = (held.get(name) ?? 0) - bytes;
      if (left > 0) held.set(name, left);
      else held.delete(name);
    }
  };

  return {
    async read(req, who, limit, use) {
      const isCompressed = req.headers['content-encoding'] !== undefined;
      const most = LIMIT_BYTES[limit] * (isCompressed ? COMPRESSED_SHARE : 1);
      const chunks: Buffer[] = [];
      let size = 0;
      let taken = 0;
      try {
        if (Number(req.headers['content-length'] ?? 0) > most) throw bodyTooLarge();
        await new Promise<void>((resolve, reject) => {
          req.on('data', (chunk: Buffer) => {
            try {
              size += chunk.length;
              if (size > most) throw bodyTooLarge();
              take(who, chunk.length);
              taken += chunk.length;
              chunks.push(chunk);
            } catch (error) {
              req.removeAllListeners('data');
              reject(error);
            }
          });
          req.on('end', resolve);
          const endedEarly = () => reject(new DomainError('malformed_body', 'The body ended early.'));
          req.on('error', endedEarly);
          req.on('close', endedEarly);
          if (req.destroyed) endedEarly();
        });
        return await use(Buffer.concat(chunks, size));
      } finally {
        req.resume(); // what is left of a refused body is read and dropped, so that its sender gets the answer
        give(who, taken);
      }
    },
  };
}
