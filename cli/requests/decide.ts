import type { ApprovalRequestDetail } from '../../contracts/approval-request.ts';
import type { Decision, DecisionAnswer, DecisionRecorded } from '../../contracts/decision.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { patchSentences } from '../../domain/diff.ts';
import { isSealedPayload } from '../../domain/sealed-payload.ts';
import { type ApiConnection, connect } from '../api-connection.ts';
import { CommandFailed, type Terminal, UsageError } from '../command.ts';
import { describeRequest, readRequest } from '../held-request.ts';
import { readObjectFile } from '../input-file.ts';
import { describeProposal, findingLines, waitingPatch } from '../proposed-patch.ts';
import { jsonLine, visible } from '../text.ts';

const DIGEST = /^sha256:[0-9a-f]{64}$/;

function checkDigest(given: string | undefined): void {
  if (given !== undefined && !DIGEST.test(given))
    throw new UsageError('--digest takes sha256: and 64 hex digits, as `letsping show` prints them');
}

/** The digest to decide on: the given one, or the current one of the request, which is then shown. */
async function shownDigest(
  api: ApiConnection,
  id: string,
  given: string | undefined,
  terminal: Terminal,
): Promise<string> {
  return given ?? (await shown(api, id, terminal)).payload_digest;
}

/** The same to approve: what is shown can be read. */
async function readDigest(
  api: ApiConnection,
  id: string,
  given: string | undefined,
  terminal: Terminal,
): Promise<string> {
  if (given !== undefined) return given;
  const { payload, payload_digest } = await shown(api, id, terminal);
  refuseSealed(payload, id);
  return payload_digest;
}

/** The same for the patch that waits for a second approver. */
async function patchedDigest(
  api: ApiConnection,
  id: string,
  given: string | undefined,
  terminal: Terminal,
): Promise<string> {
  const request = given === undefined ? await shown(api, id, terminal) : await readRequest(api, id);
  const { payload, payload_digest } = waitingPatch(request);
  if (given === undefined) refuseSealed(payload, id);
  return given ?? payload_digest;
}

/** The attacker seals what a person would reject: without the digest that they read elsewhere, they approve what they cannot see. */
function refuseSealed(payload: JsonObject, id: string): void {
  if (isSealedPayload(payload))
    throw new CommandFailed(
      'payload_sealed',
      'the client sealed this payload: the terminal shows only ciphertext',
      `letsping reject ${id} --reason TEXT; or read it elsewhere, and: letsping approve ${id} --digest DIGEST`,
    );
}

async function shown(api: ApiConnection, id: string, { err }: Terminal): Promise<ApprovalRequestDetail> {
  const request = await readRequest(api, id);
  err(`${describeRequest(request)}${describeProposal(request)}\n`);
  return request;
}

async function send(
  api: ApiConnection,
  id: string,
  decision: Decision,
  json: boolean,
  { out, err }: Terminal,
): Promise<0> {
  const { body } = await api.call<DecisionAnswer | DecisionRecorded>({
    method: 'POST',
    path: `/approval-requests/${encodeURIComponent(id)}/decisions`,
    body: decision,
  });
  if (json) {
    out(jsonLine(body));
  } else if ('outcome' in body) {
    const { outcome, decided_by, decided_at, payload_digest } = body;
    const modified = outcome.modified ? ' with the patched payload' : '';
    const runs = outcome.status === 'approved' ? `\nmay run   ${payload_digest}` : '';
    out(`${outcome.status}${modified} by ${visible(decided_by)} at ${decided_at}${runs}\n`);
  } else if (body.status === 'awaiting_second_approver') {
    out(`waits for a second approver: ${body.decision_id}\npatched digest  ${body.payload_digest}\n`);
    err(
      `Nothing is decided yet. The patch has findings that the original does not have:\n${findingLines(body.findings)}Another person can approve it with: letsping approve ${id} --patched\n`,
    );
  } else {
    out(`recorded, not yet effective: ${body.decision_id}\n`);
    err(
      `No worker answered. The decision takes effect when one does, unless another decision came first.\ntry: letsping show ${id}\n`,
    );
  }
  return 0;
}

export interface ApproveOptions {
  id: string;
  patched: boolean;
  digest: string | undefined;
  json: boolean;
}

export async function approveRequest(options: ApproveOptions, terminal: Terminal): Promise<0> {
  const { id, patched, digest, json } = options;
  checkDigest(digest);
  const api = await connect(terminal);
  const digestOf = patched ? patchedDigest : readDigest;
  const payload_digest = await digestOf(api, id, digest, terminal);
  return send(api, id, { type: 'approve', payload_digest }, json, terminal);
}

export interface RejectOptions {
  id: string;
  reason: string;
  digest: string | undefined;
  json: boolean;
}

export async function rejectRequest(options: RejectOptions, terminal: Terminal): Promise<0> {
  const { id, digest, json } = options;
  const reason = options.reason.trim();
  if (reason === '') throw new UsageError('--reason is empty: the agent gets it');
  checkDigest(digest);
  const api = await connect(terminal);
  const payload_digest = await shownDigest(api, id, digest, terminal);
  return send(api, id, { type: 'reject', reason, payload_digest }, json, terminal);
}

export interface PatchOptions {
  id: string;
  file: string;
  json: boolean;
}

export async function patchRequest({ id, file, json }: PatchOptions, terminal: Terminal): Promise<0> {
  const patched_payload = readObjectFile(file);
  const api = await connect(terminal);
  const { payload, payload_digest } = await shown(api, id, terminal);
  refuseSealed(payload, id);
  const changes = patchSentences(payload, patched_payload);
  terminal.err(`changes\n${changes.map((sentence) => `  - ${visible(sentence)}\n`).join('') || '  none\n'}\n`);
  return send(api, id, { type: 'patch', patched_payload, payload_digest }, json, terminal);
}
