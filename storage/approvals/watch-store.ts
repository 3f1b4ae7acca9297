import type { Pool } from 'pg';
import type { RequestRef } from '../../contracts/workflow.ts';
import type { Keyring } from '../../crypto/keyring.ts';
import type { DueRequests, UnsettledAct, WatchStore } from '../../domain/approval/ports.ts';
import type { RequestRecord } from '../../domain/approval/record.ts';
import type { EventBatcher } from '../db/event-batcher.ts';
import { acrossProjects, inProject, onceAcrossProjects, onceInProject } from '../db/transaction.ts';
import { COLUMNS, readRequestRow } from './approval-requests.ts';
import { readCancellation } from './cancellations.ts';
import { lockPermit } from './claims.ts';
import { acknowledgedDecisions, readProposalRow, sendDecisionBack } from './decisions.ts';
import { insertIncident } from './incidents.ts';
import { readLedgerRow } from './ledger.ts';
import { authenticTerms, type Front, SEAL_FRONT_SQL } from './request-seal.ts';
import { scannedRows } from './scanned-rows.ts';

const NO_OUTCOME = "r.status = 'pending' and not exists (select from ledger l where l.request_id = r.id)";
/** Older ones are looked at when the deadline passes: a scan reads what is new. */
const RECENT = "interval '1 hour'";

async function due(
  pool: Pool,
  keyring: Keyring,
  graceMs: number,
  limit: number,
  after: DueRequests['next'],
): Promise<DueRequests> {
  const rows = await acrossProjects(pool, (tx) =>
    tx.query<RequestRecord & Front & { at: string }>(
      `select ${COLUMNS}, ${SEAL_FRONT_SQL}, r.expires_at::text as at from approval_requests r
       where ${NO_OUTCOME} and r.expires_at < clock_timestamp() - $2 * interval '1 millisecond'
         and ($3::timestamptz is null or (r.expires_at, r.id) > ($3::timestamptz, $4))
       order by r.expires_at, r.id limit $1`,
      [limit, graceMs, after?.expires_at ?? null, after?.id ?? ''],
    ),
  );
  const last = rows.at(-1);
  return {
    ...(await scannedRows(keyring, rows, (sealer, { at: _at, ...row }) => authenticTerms(sealer, row))),
    next: rows.length === limit && last ? { expires_at: last.at, id: last.id } : undefined,
  };
}

/** The newest claim of its permit, without a word past its time, and without an incident since it was made. */
const SILENT = `c.closed_as is null and c.ended is null and c.unknown_after < clock_timestamp()
  and not exists (select from claims n where n.request_id = c.request_id and n.attempt > c.attempt)
  and not exists (select from incidents i where i.project_id = c.project_id and i.request_id = c.request_id
    and i.kind = 'permit_unknown' and i.created_at > c.claimed_at)`;

const waiting = (pool: Pool, ageMs: number, limit: number): Promise<RequestRef[]> =>
  onceAcrossProjects(pool, (tx) =>
    tx.query<{ project_id: string; request_id: string }>(
      `select r.project_id, r.id as request_id from approval_requests r
       join (
         select request_id, acknowledged_at as at from decisions
         where acknowledged_at > clock_timestamp() - ${RECENT} and sent_back_at is null and (screening is null or screening = 'accepted')
         union all
         select request_id, created_at from cancellations where created_at > clock_timestamp() - ${RECENT}
       ) act on act.request_id = r.id
       where ${NO_OUTCOME} and r.expires_at > clock_timestamp() and act.at < clock_timestamp() - $1 * interval '1 millisecond'
       group by r.project_id, r.id order by min(act.at) limit $2`,
      [ageMs, limit],
    ),
  );

/** What the watcher of a worker reads. */
export const watchStore = (pool: Pool, keyring: Keyring, events: EventBatcher): WatchStore => ({
  due: (graceMs, limit, after) => due(pool, keyring, graceMs, limit, after),
  waiting: (ageMs, limit) => waiting(pool, ageMs, limit),
  async unsettled({ project_id, request_id }) {
    const sealer = await keyring.sealer(project_id);
    return inProject(pool, project_id, async (tx) => {
      const [request, written, decisions, cancellation] = await Promise.all([
        readRequestRow(tx, sealer, request_id),
        readLedgerRow(tx, request_id),
        acknowledgedDecisions(tx, sealer, request_id),
        readCancellation(tx, sealer, request_id),
      ]);
      if (!request || written) return undefined;
      const acts: UnsettledAct[] = [
        ...decisions.map((decision) => ({ kind: 'decision', decision }) as const),
        ...(cancellation ? [{ kind: 'cancellation', cancellation } as const] : []),
      ];
      return { request, acts: acts.toSorted((a, b) => timeOf(a) - timeOf(b)) };
    });
  },
  async proposal({ project_id, request_id }) {
    const sealer = await keyring.sealer(project_id);
    return inProject(pool, project_id, async (tx) => (await readProposalRow(tx, sealer, request_id))?.record);
  },
  hasIncident: async ({ project_id, request_id }, kind) =>
    (
      await onceInProject(pool, project_id, (tx) =>
        tx.query('select 1 from incidents where project_id = $1 and request_id = $2 and kind = $3 limit 1', [
          project_id,
          request_id,
          kind,
        ]),
      )
    ).length > 0,
  async sendBack({ project_id, request_id }, decision_id) {
    const sealer = await keyring.sealer(project_id);
    await inProject(pool, project_id, (tx) => sendDecisionBack(tx, sealer, request_id, decision_id));
  },
  silentClaims: (limit) =>
    onceAcrossProjects(pool, (tx) =>
      tx.query<RequestRef & Record<string, string>>(
        `select c.project_id, c.request_id from claims c where ${SILENT} order by c.unknown_after limit $1`,
        [limit],
      ),
    ),
  async reportSilent({ project_id, request_id }) {
    const isReported = await inProject(pool, project_id, async (tx) => {
      await lockPermit(tx, request_id); // two workers report it once
      const [silent] = await tx.query(
        `select 1 from claims c where c.project_id = $1 and c.request_id = $2 and ${SILENT}`,
        [project_id, request_id],
      );
      if (!silent) return false;
      await insertIncident(tx, request_id, 'permit_unknown', null);
      return true;
    });
    if (isReported) events.add('approval_request.permit_changed', request_id);
    return isReported;
  },
  refOf: async (request_id) =>
    (
      await onceAcrossProjects(pool, (tx) =>
        tx.query<RequestRef>('select project_id, id as request_id from approval_requests where id = $1', [request_id]),
      )
    )[0],
  lastStarted: async (limit) =>
    (
      await onceAcrossProjects(pool, (tx) =>
        tx.query<{ id: string }>(
          `(select id from approval_requests where status = 'pending' and workflow_started_at is not null order by id desc limit $1)
           union
           (select id from (select id, workflow_started_at from approval_requests order by id desc limit 2000) newest
            where workflow_started_at is not null limit $1)`,
          [limit],
        ),
      )
    ).map(({ id }) => id),
});

const timeOf = (act: UnsettledAct): number =>
  (act.kind === 'decision' ? act.decision : act.cancellation).created_at.getTime();
