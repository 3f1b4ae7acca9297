import { CLAIM_HEADER } from '../../contracts/claim-header.ts';
import type { ClaimEnd } from '../../contracts/permit.ts';
import {
  ClaimAnswer,
  ClaimBody,
  ClaimToken,
  ClosePermitBody,
  EndClaimBody,
  PermitAnswer,
} from '../../contracts/permit.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { DomainError } from '../../domain/errors.ts';
import { type Route, route } from '../route.ts';
import { REQUEST_ID } from './approval-request-id.ts';

export interface PermitRouteDeps {
  claimPermit: (principal: Principal, id: string, body: ClaimBody, token: string) => Promise<ClaimAnswer>;
  endClaim: (principal: Principal, id: string, ended: ClaimEnd, token: string) => Promise<PermitAnswer>;
  closePermit: (principal: Principal, id: string, body: ClosePermitBody) => Promise<PermitAnswer>;
}

/** @throws DomainError */
export function tokenOf(headers: { [CLAIM_HEADER]?: string }): string {
  const token = headers[CLAIM_HEADER];
  if (token === undefined)
    throw new DomainError(
      'invalid_request',
      `${CLAIM_HEADER}: send random text of 32 to 128 characters that names this process.`,
    );
  return token;
}

/** Permits: claimed before the effect, ended by the claimant, and closed by a person where the result is unknown. */
export const permitRoutes = ({ claimPermit, endClaim, closePermit }: PermitRouteDeps): Route[] => [
  route({
    method: 'post',
    path: '/api/approval-requests/{id}/claim',
    summary: 'Claim the permit of an approved request, before the effect',
    access: 'approval:execute',
    params: REQUEST_ID,
    headers: { [CLAIM_HEADER]: ClaimToken },
    body: { schema: ClaimBody, limit: '256kb' },
    answers: { 201: ClaimAnswer },
    refusals: [
      'payload_digest_required',
      'not_approved',
      'digest_mismatch',
      'permit_claimed',
      'permit_unknown',
      'executed_already',
      'permit_expired',
      'payload_removed',
      'permit_refused',
      'policy_changing',
    ],
    handler: async ({ principal, params, headers, body }) => ({
      status: 201,
      body: await claimPermit(principal, params.id, body, tokenOf(headers)),
    }),
  }),

  route({
    method: 'post',
    path: '/api/approval-requests/{id}/claim/end',
    summary: 'Report how the claim ended: the effect is done, was not run, or failed',
    access: 'approval:execute',
    params: REQUEST_ID,
    headers: { [CLAIM_HEADER]: ClaimToken },
    body: { schema: EndClaimBody, limit: '256kb' },
    answers: { 200: PermitAnswer },
    refusals: ['claim_lost', 'claim_ended'],
    handler: async ({ principal, params, headers, body }) => ({
      status: 200,
      body: await endClaim(principal, params.id, body.ended, tokenOf(headers)),
    }),
  }),

  route({
    method: 'post',
    path: '/api/approval-requests/{id}/claim/close',
    summary: 'Close an unknown result: a person says whether the action ran',
    access: 'permit:close',
    params: REQUEST_ID,
    body: { schema: ClosePermitBody, limit: '256kb' },
    answers: { 200: PermitAnswer },
    refusals: ['own_request', 'permit_not_unknown'],
    handler: async ({ principal, params, body }) => ({
      status: 200,
      body: await closePermit(principal, params.id, body),
    }),
  }),
];
