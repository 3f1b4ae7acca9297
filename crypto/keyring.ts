import { createHmac } from 'node:crypto';
import { newKey, open, SealBroken, type SealContext, seal, unwrapKey, wrapKey } from './envelope.ts';
import type { NamedKey, RootKey } from './root-key.ts';

/** A project's key as the database has it. */
export interface WrappedKey {
  root_key_id: string;
  wrapped_key: Uint8Array;
}

/** A key that the data needs is not here: the request stays as it is, nothing is decided. */
export class KeyUnavailable extends Error {
  override readonly name = 'KeyUnavailable';
}

/** Seals and opens for one project. The project is part of every context. */
export interface Sealer {
  readonly project_id: string;
  seal(context: SealContext, value: unknown): Promise<Buffer>;
  /** @throws SealBroken */
  open(context: SealContext, sealed: Uint8Array): Promise<unknown>;
  sealBytes(context: SealContext, plain: Uint8Array): Promise<Buffer>;
  openBytes(context: SealContext, sealed: Uint8Array): Promise<Uint8Array>;
  /** Wraps a long-lived key, as a thread's. */
  wrap(context: SealContext, key: Uint8Array): Buffer;
  unwrap(context: SealContext, wrapped: Uint8Array): Uint8Array;
  /** A keyed name for what must not stand in clear: 32 hex digits, the same for the same text in this project. */
  pseudonym(purpose: string, text: string): string;
}

export interface Keyring {
  readonly root: RootKey;
  /** A new project's key, wrapped. */
  wrapProjectKey(project_id: string): WrappedKey;
  /** The same project's key under the active root key: nothing it sealed changes. Undefined when it is there already. */
  rewrapProjectKey(project_id: string, stored: WrappedKey): WrappedKey | undefined;
  sealer(project_id: string): Promise<Sealer>;
  /** For what belongs to no project: the issuer's signing key. */
  sealGlobal(context: SealContext, value: unknown): Promise<Buffer>;
  /** @throws SealBroken when none of the root keys opens it. */
  openGlobal(context: SealContext, sealed: Uint8Array): Promise<unknown>;
  /** The same object under the active root key. Undefined when it is there already. */
  resealGlobal(context: SealContext, sealed: Uint8Array): Promise<Buffer | undefined>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const json = (bytes: Uint8Array): unknown => JSON.parse(decoder.decode(bytes));

function sealerOf(project_id: string, key: Uint8Array): Sealer {
  const inProject = (context: SealContext): SealContext => [project_id, ...context];
  const sealBytes = (context: SealContext, plain: Uint8Array) => seal(key, inProject(context), plain);
  const openBytes = (context: SealContext, sealed: Uint8Array) => open(key, inProject(context), sealed);
  return {
    project_id,
    sealBytes,
    openBytes,
    seal: (context, value) => sealBytes(context, encoder.encode(JSON.stringify(value))),
    open: async (context, sealed) => json(await openBytes(context, sealed)),
    wrap: (context, longLived) => wrapKey(key, longLived, inProject(context)),
    unwrap: (context, wrapped) => unwrapKey(key, wrapped, inProject(context)),
    pseudonym: (purpose, text) =>
      createHmac('sha256', key)
        .update(JSON.stringify([purpose, text]))
        .digest('hex')
        .slice(0, 32),
  };
}

/**
 * Keys of this process: its root keys, and the projects' keys as they are asked for. `load` reads a project's wrapped key.
 * @throws KeyUnavailable from `sealer` for an unknown project or one whose key another root key wrapped.
 */
export function createKeyring(root: RootKey, load: (project_id: string) => Promise<WrappedKey | undefined>): Keyring {
  const sealers = new Map<string, Promise<Sealer>>();
  const held: readonly NamedKey[] = [root, ...root.others];
  const context = (project_id: string): SealContext => ['project key', project_id];
  const global = (ctx: SealContext): SealContext => ['global', ...ctx];
  const unwrapProjectKey = (project_id: string, { root_key_id, wrapped_key }: WrappedKey): Uint8Array => {
    const wrapping = held.find(({ id }) => id === root_key_id);
    if (!wrapping) {
      const ids = held.map(({ id }) => id).join(', ');
      throw new KeyUnavailable(
        `project ${project_id} is sealed under ${root_key_id}, this process holds ${ids}: check LETSPING_ROOT_KEY`,
      );
    }
    return unwrapKey(wrapping.bytes, wrapped_key, context(project_id));
  };
  const wrapProjectKey = (project_id: string, key: Uint8Array): WrappedKey => ({
    root_key_id: root.id,
    wrapped_key: wrapKey(root.bytes, key, context(project_id)),
  });
  const fetchSealer = async (project_id: string): Promise<Sealer> => {
    const stored = await load(project_id);
    if (!stored) throw new KeyUnavailable(`project ${project_id} has no key here`);
    return sealerOf(project_id, unwrapProjectKey(project_id, stored));
  };
  /** What is sealed globally does not name its root key: there are two or three, and a wrong one is told by the tag. */
  const openWithAny = async (ctx: SealContext, sealed: Uint8Array): Promise<{ plain: Uint8Array; by: NamedKey }> => {
    for (const by of held) {
      try {
        return { plain: await open(by.bytes, global(ctx), sealed), by };
      } catch (error) {
        if (!(error instanceof SealBroken)) throw error;
      }
    }
    throw new SealBroken('none of the root keys of this process opens it');
  };
  return {
    root,
    wrapProjectKey: (project_id) => wrapProjectKey(project_id, newKey()),
    rewrapProjectKey: (project_id, stored) =>
      stored.root_key_id === root.id ? undefined : wrapProjectKey(project_id, unwrapProjectKey(project_id, stored)),
    sealer(project_id) {
      const known = sealers.get(project_id);
      if (known) return known;
      const loading = fetchSealer(project_id);
      sealers.set(project_id, loading);
      loading.catch(() => sealers.delete(project_id));
      return loading;
    },
    sealGlobal: (ctx, value) => seal(root.bytes, global(ctx), encoder.encode(JSON.stringify(value))),
    openGlobal: async (ctx, sealed) => json((await openWithAny(ctx, sealed)).plain),
    resealGlobal: async (ctx, sealed) => {
      const { plain, by } = await openWithAny(ctx, sealed);
      return by === root ? undefined : seal(root.bytes, global(ctx), plain);
    },
  };
}
