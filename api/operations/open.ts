import { randomBytes } from 'node:crypto';
import { DEFAULT_EXPIRES_IN_MS, type IngestBody } from '../../contracts/action.ts';
import type { IngestAnswer } from '../../contracts/approval-request.ts';
import type { Screening } from '../../contracts/verdict.ts';
import type { Resolution } from '../../contracts/workflow.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { payloadDigest, SALT_BYTES, saltText } from '../../domain/digest.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ScreenHost } from '../../domain/firewall/host.ts';
import { routeOf } from '../../domain/firewall/policy.ts';
import { screenAction } from '../../domain/firewall/screen.ts';
import { withoutLpMeta } from '../../domain/lp-meta.ts';
import type { ApprovalStore, Log, SettleWork, WorkflowStarter } from '../ports.ts';
import { screenStats } from './earlier-calls.ts';
import { schemaProblem } from './json-schema.ts';
import { ingestAnswer } from './views.ts';

export interface OpenDeps {
  store: ApprovalStore;
  /** `settle` of activities/: for what the firewall closes by itself. */
  settlement: (proposed: Resolution) => SettleWork;
  /** The firewall's parsers. */
  screenHost: ScreenHost;
  starter: Pick<WorkflowStarter, 'startApproval'>;
  triageUrl: (id: string) => string;
  log: Log;
}

/** Ingest waits this long for Temporal, no longer: the reconciler starts what is missing. */
const START_MS = 1_000;
const ROLES_TO_ASK_FOR = ['approver', 'admin'];

/** What the caller says about itself can only tighten; what this release cannot honour is refused, not ignored. */
function checkCaller(principal: Principal, body: IngestBody): void {
  if (principal.services && !principal.services.includes(body.service)) {
    throw new DomainError(
      'forbidden',
      `This key may not speak for the service ${JSON.stringify(body.service)}. Its services are fixed in the key.`,
    );
  }
  const role = body.metadata?.role;
  if (role !== undefined && !ROLES_TO_ASK_FOR.includes(role)) {
    throw new DomainError(
      'invalid_value',
      `No approver has the role ${JSON.stringify(role)}: ask for ${ROLES_TO_ASK_FOR.join(' or ')}.`,
      {
        errors: [{ pointer: '/metadata/role', detail: 'unknown role' }],
      },
    );
  }
  if (body.metadata?.callback_url !== undefined) {
    throw new DomainError(
      'invalid_value',
      'callback_url is not served: no callback host is registered for this project. Read the status, or the events.',
      {
        errors: [{ pointer: '/metadata/callback_url', detail: 'not a registered host' }],
      },
    );
  }
}

/**
 * Opens a request: judged, written and, when the firewall allows or blocks it, settled in one transaction. A held one is
 * acknowledged by its row; its workflow starts beside it, and a Temporal that is away does not matter here.
 */
export const createOpen =
  ({ store, settlement, screenHost, starter, triageUrl, log }: OpenDeps) =>
  async (principal: Principal, body: IngestBody, id: string): Promise<IngestAnswer> => {
    checkCaller(principal, body);
    const { project_id } = principal;
    const { service, action, context = {}, metadata = {}, priority } = body;
    const payload = withoutLpMeta(body.payload);
    const salt = randomBytes(SALT_BYTES);
    const schema_ignored = body.schema === undefined || body.schema === null ? undefined : schemaProblem(body.schema);
    const payload_digest = payloadDigest(salt, { service, action, payload });

    const view = await store.open(project_id, async ({ policy, version, digest }, readEarlier) => {
      const stats = await screenStats(policy, readEarlier, principal.owner);
      const host = { ...screenHost, ...(stats && { stats }) };
      const screening: Screening = screenAction({ service, action, payload }, context, policy, undefined, host);
      const outcome: Resolution | undefined =
        screening.verdict === 'hold'
          ? undefined
          : { status: screening.verdict === 'allow' ? 'approved' : 'rejected', cause: 'firewall', payload_digest };
      return {
        request: {
          id,
          service,
          action,
          priority,
          payload,
          context,
          metadata,
          payload_digest,
          salt: saltText(salt),
          ...(schema_ignored === undefined && body.schema !== undefined && body.schema !== null
            ? { schema: body.schema }
            : {}),
          verdict: screening.verdict,
          held_by: screening.held_by ?? null,
          findings: screening.findings,
          finding_ids: [...new Set(screening.findings.map((finding) => finding.id))],
          requested_by: principal.owner,
          key_id: principal.key_id,
          thread_id: context.thread_id ?? null,
          node: context.node ?? null,
          policy_version: version,
          policy_digest: digest,
          // An unsigned signal is never enough for a critical action.
          accept_unsigned_signals: policy.accept_unsigned_signals && priority !== 'critical',
          expires_in_ms:
            body.expires_in_ms ??
            routeOf(policy, service, action).expires_in_ms ??
            policy.expires_in_ms ??
            DEFAULT_EXPIRES_IN_MS,
        },
        settle: outcome && settlement(outcome),
      };
    });
    if (!view.standing) await start(view.request.id);
    return ingestAnswer(view, triageUrl(id), schema_ignored);

    async function start(request_id: string): Promise<void> {
      const started = starter.startApproval(view.request);
      // Nobody waits for the mark: without it the reconciler looks, and finds the workflow.
      void started
        .then(() => store.markStarted(project_id, request_id))
        .catch((error: unknown) =>
          log.warn(
            { request_id, error: (error as Error).message },
            'workflow not started, or not marked: the reconciler looks',
          ),
        );
      await Promise.race([started.catch(() => {}), new Promise((resolve) => setTimeout(resolve, START_MS).unref())]);
    }
  };
