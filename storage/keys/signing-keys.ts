import type { Pool } from 'pg';
import { type IssuerKeySecret, issuerKeyContext, type Keyring, type OpenedIssuerKey } from '../../crypto/keyring.ts';
import { type NewAct, TERMINAL } from '../../domain/acts/act.ts';
import type { ActLog } from '../acts/act-log.ts';
import { acrossProjects, clock, type Transaction } from '../db/transaction.ts';
import { insertIssuerKey, lockIssuerKeys, signingKeyOf } from './issuer-keys.ts';
import { projectIds } from './projects.ts';
import { issuerKeysOf } from './stored-keys.ts';

/** Twice the time after which a running process asks again which key signs. */
const SWITCH_MS = 10_000;

export interface SigningKeyDeps {
  pool: Pool;
  keyring: Keyring;
  acts: ActLog;
}

type Act = Pick<NewAct, 'kind' | 'subject' | 'details'>;
/** What a change did, in order. */
interface Change {
  kid: string | undefined;
  acts: Act[];
}

/** Signing keys of the deployment, newest first. Rows that none of the root keys sealed are not among them. */
export const listSigningKeys = async ({ keyring }: Pick<SigningKeyDeps, 'keyring'>): Promise<OpenedIssuerKey[]> =>
  (await keyring.issuerKeys()).keys;

async function reseal(tx: Transaction, keyring: Keyring, { kid, private_jwk, retired_at, revoked }: OpenedIssuerKey) {
  const secret: IssuerKeySecret = { ...private_jwk, ...(retired_at && { retired_at }), ...(revoked && { revoked }) };
  await tx.query('update issuer_keys set sealed = $2 where kid = $1', [
    kid,
    await keyring.sealGlobal(issuerKeyContext(kid), secret),
  ]);
}

const openedKeys = async (tx: Transaction, keyring: Keyring) =>
  (await keyring.openIssuerKeys(await issuerKeysOf(tx))).keys;

/**
 * Runs a change in one transaction, with its acts in the oldest project; then adds the acts to the other projects, whose receipts these
 * keys sign too. An interrupted command is repeated.
 */
async function change(
  { pool, keyring, acts }: SigningKeyDeps,
  work: (tx: Transaction, keys: OpenedIssuerKey[]) => Promise<Change>,
): Promise<string | undefined> {
  const locked = async (tx: Transaction) => {
    await lockIssuerKeys(tx);
    return work(tx, await openedKeys(tx, keyring));
  };
  const [first, ...others] = await projectIds(pool, null);
  if (first === undefined) return (await acrossProjects(pool, locked)).kid;
  const done = await acts.transact(first, async (tx, _sealer, record) => {
    const changed = await locked(tx);
    for (const act of changed.acts) await record({ ...act, by: TERMINAL });
    return changed;
  });
  for (const project_id of done.acts.length > 0 ? others : [])
    await acts.transact(project_id, async (_tx, _sealer, record) => {
      for (const act of done.acts) await record({ ...act, by: TERMINAL });
    });
  return done.kid;
}

/** Retires these keys, and creates one if none is left that signs. */
async function retire(
  tx: Transaction,
  keyring: Keyring,
  keys: OpenedIssuerKey[],
  retired: readonly OpenedIssuerKey[],
): Promise<Act[]> {
  const acts: Act[] = [];
  const at = (await clock(tx)).toISOString();
  for (const key of retired) {
    key.retired_at = at;
    await reseal(tx, keyring, key);
    acts.push({ kind: 'signing_key_retired', subject: key.kid, details: {} });
  }
  if (signingKeyOf(keys)) return acts;
  const { kid } = await insertIssuerKey(tx, keyring);
  return [...acts, { kind: 'signing_key_created', subject: kid, details: {} }];
}

const isActive = ({ retired_at, revoked }: OpenedIssuerKey) => retired_at === undefined && revoked === undefined;

/** A new key signs; those before are retired. Returns its id. */
export const rotateSigningKey = async (deps: SigningKeyDeps): Promise<string> =>
  (await change(deps, async (tx, keys) => {
    const acts = await retire(tx, deps.keyring, keys, keys.filter(isActive));
    return { kid: acts.at(-1)?.subject ?? undefined, acts };
  }))!;

/** The key signs no new receipts; those that it signed stay valid. Undefined for an unknown key. */
export const retireSigningKey = (deps: SigningKeyDeps, kid: string): Promise<string | undefined> =>
  change(deps, async (tx, keys) => {
    const key = keys.find((one) => one.kid === kid);
    return { kid: key?.kid, acts: key && isActive(key) ? await retire(tx, deps.keyring, keys, [key]) : [] };
  });

/**
 * Somebody else may have the key. One that signs is retired first, and revoked when every running process signs with another: what it
 * signed until then counts. Undefined for an unknown key. `onWait` gets the milliseconds.
 */
export async function revokeSigningKey(
  deps: SigningKeyDeps,
  kid: string,
  reason: string,
  onWait: (ms: number) => void = () => {},
): Promise<string | undefined> {
  const wasActive = (await listSigningKeys(deps)).some((key) => key.kid === kid && isActive(key));
  if ((await retireSigningKey(deps, kid)) === undefined) return undefined;
  if (wasActive) {
    onWait(SWITCH_MS);
    await new Promise((resolve) => setTimeout(resolve, SWITCH_MS));
  }
  return change(deps, async (tx, keys) => {
    const key = keys.find((one) => one.kid === kid)!;
    const isNew = key.revoked === undefined;
    key.revoked ??= { at: (await clock(tx)).toISOString(), reason };
    await reseal(tx, deps.keyring, key);
    const act: Act = { kind: 'signing_key_revoked', subject: kid, details: { reason } };
    return { kid, acts: isNew ? [act] : [] };
  });
}
