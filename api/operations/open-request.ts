import { randomBytes } from 'node:crypto';
import { DEFAULT_EXPIRES_IN_MS, type IngestBody } from '../../contracts/action.ts';
import type { IngestAnswer } from '../../contracts/approval-request.ts';
import type { Screening } from '../../contracts/verdict.ts';
import { sha256 } from '../../crypto/sha256.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import type { ApprovalWorkflows } from '../../domain/approval/approval-workflows.ts';
import type { OpenRequestStore, StatementSigner } from '../../domain/approval/ports.ts';
import type { NewRequest } from '../../domain/approval/record.ts';
import { payloadDigest, SALT_BYTES, saltText } from '../../domain/digest.ts';
import { DomainError } from '../../domain/errors.ts';
import { routeOf } from '../../domain/firewall/policy/policy.ts';
import { heldUnjudged, type Screener } from '../../domain/firewall/screener.ts';
import type { AgentSchemas } from '../../domain/json/schema.ts';
import { withoutLpMeta } from '../../domain/lp-meta.ts';
import type { PendingLimit } from '../limits/pending-limit.ts';
import type { Counts } from '../ports.ts';
import { checkCaller } from './check-caller.ts';
import { claimView, newClaim, tokenHash } from './claim-permit.ts';
import { screenStats } from './earlier-calls.ts';
import { firewallOutcome } from './firewall-outcome.ts';
import { threadContext } from './thread-labels.ts';
import { ingestAnswer } from './views.ts';

export interface Opening {
  /** Throws when the caller's access has ended; called after each wait that the caller can lengthen. */
  checkAccess: () => void;
  /** Of the process that claims the permit too, if the action is allowed at once. */
  token?: string | undefined;
}
export type OpenRequest = (
  principal: Principal,
  body: IngestBody,
  id: string,
  opening: Opening,
) => Promise<IngestAnswer>;

export interface OpenRequestDeps {
  store: OpenRequestStore;
  signer: StatementSigner;
  screen: Screener;
  agentSchemas: Pick<AgentSchemas, 'refusal'>;
  workflows: Pick<ApprovalWorkflows, 'start'>;
  counts: Pick<Counts, 'opened' | 'decided'>;
  pendingLimit: PendingLimit;
  triageUrl: (id: string) => string;
  /** Whether this server lets a policy accept unsigned Signals. */
  unsignedSignals: boolean;
}

/** More than one is needed only while the policy is being changed. */
const MAX_ATTEMPTS = 5;

/**
 * Opens a request: screens the action, and writes the request in one statement. What the firewall allows or blocks is written
 * together with its outcome. A held request is acknowledged by its row, and its workflow is started afterwards, so an
 * unavailable Temporal does not matter here.
 */
export const createOpenRequest =
  ({
    store,
    signer,
    screen,
    agentSchemas,
    workflows,
    counts,
    pendingLimit,
    triageUrl,
    unsignedSignals,
  }: OpenRequestDeps): OpenRequest =>
  async (principal, body, id, { token, checkAccess }) => {
    checkCaller(principal, body);
    const { project_id } = principal;
    const { service, action, context: declared = {}, metadata = {}, priority } = body;
    const payload = withoutLpMeta(body.payload);
    const salt = randomBytes(SALT_BYTES);
    const hasSchema = body.schema !== undefined && body.schema !== null;
    const schema_ignored = hasSchema
      ? await agentSchemas.refusal(principal.key_id, JSON.stringify(body.schema))
      : undefined;
    checkAccess();
    const called = { service, action, payload };
    const payload_digest = payloadDigest(salt, called, sha256);

    let isEnded = false;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const { inForce, now } = await store.screeningBasis(project_id);
      const { policy } = inForce;
      const [stats, context] = await Promise.all([
        screenStats(store, project_id, policy, principal.owner),
        threadContext(store, project_id, declared, principal.owner),
      ]);
      const { context_trust } = principal;
      // What was ended once is not tried again under another policy.
      const screened: Screening | undefined = isEnded
        ? undefined
        : await screen(principal.key_id, called, context, policy, { context_trust, ...(stats && { stats }) });
      isEnded = screened === undefined;
      checkAccess();
      const screening = screened ?? heldUnjudged(policy, called);
      const request: NewRequest = {
        id,
        service,
        action,
        priority,
        payload,
        context,
        ...(context_trust === 'full' && { context_trust }),
        metadata,
        payload_digest,
        salt: saltText(salt),
        ...(hasSchema && schema_ignored === undefined ? { schema: body.schema } : {}),
        verdict: screening.verdict,
        held_by: screening.held_by ?? null,
        findings: screening.findings,
        finding_ids: [...new Set(screening.findings.map((finding) => finding.id))],
        requested_by: principal.owner,
        key_id: principal.key_id,
        thread_id: context.thread_id ?? null,
        node: context.node ?? null,
        policy_version: inForce.version,
        policy_digest: inForce.digest,
        // An unsigned signal is never enough for a critical action.
        accept_unsigned_signals: unsignedSignals && policy.accept_unsigned_signals && priority !== 'critical',
        expires_in_ms:
          body.expires_in_ms ??
          routeOf(policy, service, action).expires_in_ms ??
          policy.expires_in_ms ??
          DEFAULT_EXPIRES_IN_MS,
      };
      const at = now();
      const outcome = screening.verdict === 'hold' ? undefined : await firewallOutcome(signer, project_id, request, at);

      const claim =
        token !== undefined && screening.verdict === 'allow'
          ? newClaim(
              principal,
              {
                request_id: id,
                attempt: 1,
                payload_digest,
                token_sha256: tokenHash(token),
                retryable: body.retryable ?? false,
              },
              at,
            )
          : undefined;
      const insert = () => store.insert(project_id, request, at, outcome, claim);
      const inserted = await (outcome ? insert() : pendingLimit(principal, insert));
      if (inserted.state === 'policy_changed') continue;
      const { state, view } = inserted;
      if (state === 'written') {
        counts.opened(request.verdict);
        if (outcome)
          counts.decided({ verdict: request.verdict, created_at: outcome.request.created_at }, outcome.ledger);
      }
      if (!view.resolution) workflows.start(view.request);
      const newest = view.claims.at(-1);
      return ingestAnswer(view, triageUrl(id), {
        schema_ignored,
        ...(token !== undefined && { claim: newest ? claimView(newest) : null }),
      });
    }
    throw new DomainError(
      'policy_changing',
      'The policy changed during each attempt to screen this action. Nothing was written; try again.',
      { retry_after: 1 },
    );
  };
