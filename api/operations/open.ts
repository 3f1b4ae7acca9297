import { randomBytes } from 'node:crypto';
import { DEFAULT_EXPIRES_IN_MS, type IngestBody } from '../../contracts/action.ts';
import type { IngestAnswer } from '../../contracts/approval-request.ts';
import type { Screening } from '../../contracts/verdict.ts';
import type { Resolution } from '../../contracts/workflow.ts';
import { sha256 } from '../../crypto/sha256.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import type { ApprovalWorkflows } from '../../domain/approval/approval-workflows.ts';
import { payloadDigest, SALT_BYTES, saltText } from '../../domain/digest.ts';
import { DomainError } from '../../domain/errors.ts';
import { routeOf } from '../../domain/firewall/policy/policy.ts';
import { screenAction } from '../../domain/firewall/screen.ts';
import type { ScreenDeps } from '../../domain/firewall/screen-deps.ts';
import { withoutLpMeta } from '../../domain/lp-meta.ts';
import type { RequestOpener, SettleWork } from '../ports.ts';
import { screenStats } from './earlier-calls.ts';
import { schemaProblem } from './json-schema.ts';
import { inItsThread } from './thread-labels.ts';
import { ingestAnswer } from './views.ts';

export interface OpenDeps {
  store: RequestOpener;
  /** `settle` of activities/: for what the firewall closes by itself. */
  settlement: (proposed: Resolution) => SettleWork;
  /** The firewall's parsers. */
  screenDeps: ScreenDeps;
  workflows: Pick<ApprovalWorkflows, 'start'>;
  triageUrl: (id: string) => string;
}

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
 * Opens a request: judged, then written in one transaction and, when the firewall allows or blocks it, settled with it. A
 * held one is acknowledged by its row; its workflow starts beside it, and a Temporal that is away does not matter here.
 */
export const createOpen =
  ({ store, settlement, screenDeps, workflows, triageUrl }: OpenDeps) =>
  async (principal: Principal, body: IngestBody, id: string): Promise<IngestAnswer> => {
    checkCaller(principal, body);
    const { project_id } = principal;
    const { service, action, context: declared = {}, metadata = {}, priority } = body;
    const payload = withoutLpMeta(body.payload);
    const salt = randomBytes(SALT_BYTES);
    const schema_ignored = body.schema === undefined || body.schema === null ? undefined : schemaProblem(body.schema);
    const payload_digest = payloadDigest(salt, { service, action, payload }, sha256);

    const view = await store.open(project_id, async ({ policy, version, digest }, readEarlier, readThread) => {
      const [stats, context] = await Promise.all([
        screenStats(policy, readEarlier, principal.owner),
        inItsThread(declared, principal.owner, readThread),
      ]);
      const host = { ...screenDeps, ...(stats && { stats }) };
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
    if (!view.resolution) workflows.start(view.request);
    return ingestAnswer(view, triageUrl(id), schema_ignored);
  };
