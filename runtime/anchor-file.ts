import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod/v4';
import { type AnchoredHead, newerHead } from '../domain/acts/act.ts';
import { type Anchor, AnchorUnusable, type Heads } from '../domain/acts/ports.ts';

/**
 * The anchor as a file. A write goes to a file of its own, which is flushed and renamed, so a reader finds the old content or the new
 * one. `FILE.lock`, created exclusively, keeps the writers of several processes apart; a killed process leaves it, and it is removed
 * after a while. Of two heads of a project the newer one stays.
 */
const FORMAT = 1;
const RETRY_MS = 10;
/** A write takes milliseconds. */
const ABANDONED_MS = 5_000;
const GIVE_UP_MS = 15_000;

const Act = z.object({
  number: z.int(),
  epoch: z.int(),
  kind: z.string(),
  subject: z.string().nullable(),
  actor: z.string().nullable(),
  at: z.string(),
});
const Content = z.object({
  format: z.literal(FORMAT),
  projects: z.record(
    z.string(),
    z.object({ epoch: z.int().min(1), number: z.int().min(1), mac: z.string().min(1), recent: z.array(Act) }),
  ),
});

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export function anchorFile(path: string): Anchor {
  const lockPath = `${path}.lock`;
  const unusable = (what: string, cause: unknown) =>
    new AnchorUnusable(
      `LETSPING_ANCHOR_FILE ${path} cannot be ${what} (${codeOf(cause) ?? (cause as Error).message}): its folder must exist and be writable`,
      false,
      { cause },
    );

  async function read(): Promise<Heads | undefined> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw unusable('read', error);
    }
    try {
      return new Map(Object.entries(Content.parse(JSON.parse(text)).projects));
    } catch (cause) {
      throw new AnchorUnusable(
        `LETSPING_ANCHOR_FILE ${path} is damaged: restore it, or accept the state of the database with letsping restore --accept --reason TEXT`,
        true,
        { cause },
      );
    }
  }

  async function lock(): Promise<void> {
    for (const end = Date.now() + GIVE_UP_MS; ; await later(RETRY_MS)) {
      try {
        return await (await open(lockPath, 'wx', 0o600)).close();
      } catch (error) {
        if (codeOf(error) !== 'EEXIST' || Date.now() > end) throw unusable('written', error);
      }
      const age = await stat(lockPath).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > ABANDONED_MS) await rm(lockPath, { force: true });
    }
  }

  /** A rename is durable when its folder is flushed. */
  async function flushFolder(): Promise<void> {
    const folder = await open(dirname(path), 'r');
    await folder.sync().finally(() => folder.close());
  }

  async function write(content: () => Promise<Heads>): Promise<void> {
    await lock();
    const next = `${path}.${randomUUID()}.tmp`;
    try {
      const heads = await content();
      const file = await open(next, 'wx', 0o600);
      try {
        await file.writeFile(`${JSON.stringify({ format: FORMAT, projects: Object.fromEntries(heads) }, null, 1)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(next, path);
      await flushFolder();
    } catch (error) {
      await rm(next, { force: true }).catch(() => {});
      throw error instanceof AnchorUnusable ? error : unusable('written', error);
    } finally {
      await rm(lockPath, { force: true }).catch(() => {});
    }
  }

  const raised = (before: Heads | undefined, heads: Heads): Heads => {
    const all = new Map<string, AnchoredHead>(before);
    for (const [project_id, head] of heads) {
      const known = all.get(project_id);
      all.set(project_id, known ? newerHead(known, head) : head);
    }
    return all;
  };

  return {
    name: `LETSPING_ANCHOR_FILE ${path}`,
    read,
    raise: (heads) => write(async () => raised(await read(), heads)),
    replace: (heads) => write(async () => heads),
  };
}
