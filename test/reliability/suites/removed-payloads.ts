import { createKeyring } from '../../../crypto/keyring.ts';
import { parseRootKey } from '../../../crypto/root-key.ts';
import { createSigner } from '../../../crypto/signing.ts';
import { TERMINAL } from '../../../domain/acts/act.ts';
import { createActLog } from '../../../storage/acts/act-log.ts';
import { createPool } from '../../../storage/db/pool.ts';
import { currentIssuerKey } from '../../../storage/keys/issuer-keys.ts';
import { storedKeys } from '../../../storage/keys/stored-keys.ts';
import { setRetention } from '../../../storage/retention/retention-days.ts';
import type { Rig } from '../../faults/rig.ts';
import { earlierRequests } from '../../helpers/earlier-requests.ts';
import { type Counter, pause } from '../suite.ts';

const REQUESTS = 5;
/** A worker looks about 10 s after its start. */
const LOOKS_MS = 25_000;

/** The worker dies while it removes payloads: each request has all of its payload or none, and the next worker goes on. */
export async function removedPayloads(rig: Rig, count: Counter, say: (line: string) => void): Promise<void> {
  const pool = createPool(rig.app_url, { max: 2 });
  try {
    const keyring = createKeyring(parseRootKey(rig.env['LETSPING_ROOT_KEY']!), storedKeys(pool));
    const signer = await createSigner(await currentIssuerKey(pool, keyring));
    const { closed } = earlierRequests(pool, await keyring.sealer(rig.project_id), signer);
    await setRetention(createActLog({ pool, keyring }), rig.project_id, 30, TERMINAL);
    for (const point of ['inside', 'after-commit']) {
      await rig.worker.kill();
      const ids: string[] = [];
      for (let i = 0; i < REQUESTS; i++) ids.push(await closed(40 - i, {}, { amount: i }));
      const state = async () =>
        (
          await rig.sql(
            `select count(*)::int as emptied, count(*) filter (where length(r.sealed) > 65 or d.sealed is not null)::int as torn
             from approval_requests r join decisions d on d.request_id = r.id where r.id = any($1) and r.payload_removed_at is not null`,
            [ids],
          )
        )[0];
      await rig.worker.start({ CRASH_AT: `payloads-removed.${point}:1` });
      const came = await Promise.race([rig.worker.gone().then(() => true), pause(LOOKS_MS).then(() => false)]);
      count.check(came, () => `worker payloads-removed.${point}: its moment was never reached`);
      const { emptied, torn } = await state();
      const expected = point === 'inside' ? 0 : REQUESTS;
      count.check(
        emptied === expected && torn === 0,
        () => `payloads-removed.${point}: ${emptied} emptied, ${torn} torn`,
      );
      await rig.worker.start();
      const end = Date.now() + LOOKS_MS;
      while ((await state()).emptied < REQUESTS && Date.now() < end) await pause(500);
      for (const id of ids) {
        const { status, body } = await rig.call(rig.approver_api_key, 'GET', `/api/approval-requests/${id}`);
        count.check(
          status === 200 && body.payload_removed_at !== null && body.outcome?.status === 'approved',
          () => `payloads-removed.${point}: ${id} is answered ${status}, ${JSON.stringify(body).slice(0, 200)}`,
        );
      }
      say(`worker payloads-removed.${point}`);
    }
  } finally {
    await pool.end();
  }
}
