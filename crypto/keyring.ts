import { createHmac } from 'node:crypto';
import type { JWK } from 'jose';
import { isSealedUnder, newKey, SealBroken, type SealContext, seal, unseal, unwrapKey, wrapKey } from './envelope.ts';
import { createReceiptVerifier, type VerifyingKey, type VerifyReceipt } from './receipt-verifier.ts';
import type { NamedKey, RootKey } from './root-key.ts';
import { type RowMacs, rowMacs } from './row-mac.ts';
import { publicKeyOf, type Revocation } from './signing.ts';

/** A project's key as the database stores it. */
export interface WrappedKey {
  root_key_id: string;
  wrapped_key: Uint8Array;
}

export interface SealedIssuerKey {
  kid: string;
  sealed: Uint8Array;
}

/** Reads the wrapped and sealed keys of a deployment. */
export interface StoredKeys {
  project(project_id: string): Promise<WrappedKey | undefined>;
  issuers(): Promise<SealedIssuerKey[]>;
}

/** A signing key with its state, which is sealed with it: a database writer cannot change either. */
export interface OpenedIssuerKey {
  kid: string;
  private_jwk: JWK;
  /** ISO 8601: since when it signs no new receipts. */
  retired_at?: string | undefined;
  revoked?: Revocation | undefined;
}

/** What is sealed in the row of a signing key. */
export type IssuerKeySecret = JWK & Pick<OpenedIssuerKey, 'retired_at' | 'revoked'>;

/** The context under which a signing key is sealed. */
export const issuerKeyContext = (kid: string) => ['issuer key', kid] as const;

/** This process does not have the key of the data. The request stays unchanged and nothing is decided. */
export class KeyUnavailable extends Error {
  override readonly name = 'KeyUnavailable';
}

/** The database has no such project. */
export class UnknownProject extends KeyUnavailable {}

/** Seals, unseals and authenticates for one project. The project is part of every context. */
export interface Sealer extends RowMacs {
  readonly project_id: string;
  seal(context: SealContext, value: unknown): Promise<Buffer>;
  /** @throws SealBroken */
  unseal(context: SealContext, sealed: Uint8Array): Promise<unknown>;
  sealBytes(context: SealContext, plain: Uint8Array): Promise<Buffer>;
  unsealBytes(context: SealContext, sealed: Uint8Array): Promise<Uint8Array>;
  /** Whether an object that begins with these bytes was sealed in this context. */
  isSealedUnder(context: SealContext, front: Uint8Array): boolean;
  verifyReceipt: VerifyReceipt;
  /** Wraps a long-lived key, such as a thread's. */
  wrap(context: SealContext, key: Uint8Array): Buffer;
  unwrap(context: SealContext, wrapped: Uint8Array): Uint8Array;
  /** A keyed hash that replaces a text which must not be stored: 32 hex digits, equal for equal texts of this project. */
  pseudonym(purpose: string, text: string): string;
}

export interface Keyring {
  readonly root: RootKey;
  /** Creates the key of a new project, and wraps it. */
  wrapProjectKey(project_id: string): WrappedKey;
  /** Wraps the same project key under the active root key, so that sealed data stays valid. Undefined if it already is. */
  rewrapProjectKey(project_id: string, stored: WrappedKey): WrappedKey | undefined;
  sealer(project_id: string): Promise<Sealer>;
  /** The sealer of a project that is being created: its row is not committed yet. */
  sealerOfNew(project_id: string, stored: WrappedKey): Sealer;
  /** Seals a value that belongs to no project: the issuer's signing key. */
  sealGlobal(context: SealContext, value: unknown): Promise<Buffer>;
  /** @throws SealBroken if none of the root keys unseals it. */
  unsealGlobal(context: SealContext, sealed: Uint8Array): Promise<unknown>;
  /** All signing keys, newest first, and the ids of rows that none of the root keys sealed. */
  issuerKeys(): Promise<{ keys: OpenedIssuerKey[]; foreign: string[] }>;
  /** The same of rows that the caller has read. */
  openIssuerKeys(rows: readonly SealedIssuerKey[]): Promise<{ keys: OpenedIssuerKey[]; foreign: string[] }>;
  /** Seals the same value under the active root key. Undefined if it already is. */
  resealGlobal(context: SealContext, sealed: Uint8Array): Promise<Buffer | undefined>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const json = (bytes: Uint8Array): unknown => JSON.parse(decoder.decode(bytes));

function sealerOf(project_id: string, key: Uint8Array, verifyReceipt: VerifyReceipt): Sealer {
  const inProject = (context: SealContext): SealContext => [project_id, ...context];
  const sealBytes = (context: SealContext, plain: Uint8Array) => seal(key, inProject(context), plain);
  const unsealBytes = (context: SealContext, sealed: Uint8Array) => unseal(key, inProject(context), sealed);
  return {
    ...rowMacs(project_id, key),
    project_id,
    sealBytes,
    unsealBytes,
    isSealedUnder: (context, front) => isSealedUnder(key, inProject(context), front),
    verifyReceipt,
    seal: (context, value) => sealBytes(context, encoder.encode(JSON.stringify(value))),
    unseal: async (context, sealed) => json(await unsealBytes(context, sealed)),
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
 * The root keys of this process, and the keys of the deployment, loaded on demand.
 * @throws UnknownProject from `sealer`; KeyUnavailable if another root key wrapped the project's key.
 */
export function createKeyring(root: RootKey, stored: StoredKeys): Keyring {
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
    const wrapped = await stored.project(project_id);
    if (!wrapped) throw new UnknownProject(`project ${project_id} has no key in this database`);
    return openedSealer(project_id, wrapped);
  };
  const openedSealer = (project_id: string, stored: WrappedKey): Sealer =>
    sealerOf(project_id, unwrapProjectKey(project_id, stored), verifyReceipt);
  /** A globally sealed value does not name its root key. There are two or three, and the tag rejects a wrong one. */
  const unsealWithAny = async (ctx: SealContext, sealed: Uint8Array): Promise<{ plain: Uint8Array; by: NamedKey }> => {
    for (const by of held) {
      try {
        return { plain: await unseal(by.bytes, global(ctx), sealed), by };
      } catch (error) {
        if (!(error instanceof SealBroken)) throw error;
      }
    }
    throw new SealBroken('none of the root keys of this process unseals it');
  };
  /** The attacker brings back the row from before a revocation: what this process saw stays revoked or retired. */
  const seen = new Map<string, Pick<OpenedIssuerKey, 'retired_at' | 'revoked'>>();
  const openIssuerKeys = async (rows: readonly SealedIssuerKey[]) => {
    const keys: OpenedIssuerKey[] = [];
    const foreign: string[] = [];
    for (const { kid, sealed } of rows) {
      try {
        const { plain } = await unsealWithAny(issuerKeyContext(kid), sealed);
        const { retired_at, revoked, ...private_jwk } = json(plain) as IssuerKeySecret;
        const before = seen.get(kid);
        const state = { retired_at: retired_at ?? before?.retired_at, revoked: revoked ?? before?.revoked };
        seen.set(kid, state);
        keys.push({ kid, private_jwk, ...state });
      } catch (error) {
        if (!(error instanceof SealBroken)) throw error;
        foreign.push(kid); // not this deployment's
      }
    }
    return { keys, foreign };
  };
  const issuerKeys = async () => openIssuerKeys(await stored.issuers());
  const issuers = async (): Promise<Map<string, VerifyingKey>> =>
    new Map(
      (await issuerKeys()).keys.map(({ kid, private_jwk, revoked }) => [
        kid,
        { key: publicKeyOf(private_jwk), ...(revoked && { revoked_at: new Date(revoked.at) }) },
      ]),
    );
  const verifyReceipt = createReceiptVerifier(issuers);
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
    sealerOfNew: openedSealer,
    issuerKeys,
    openIssuerKeys,
    sealGlobal: (ctx, value) => seal(root.bytes, global(ctx), encoder.encode(JSON.stringify(value))),
    unsealGlobal: async (ctx, sealed) => json((await unsealWithAny(ctx, sealed)).plain),
    resealGlobal: async (ctx, sealed) => {
      const { plain, by } = await unsealWithAny(ctx, sealed);
      return by === root ? undefined : seal(root.bytes, global(ctx), plain);
    },
  };
}
