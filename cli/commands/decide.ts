import { parseArgs } from 'node:util';
import type { ApprovalRequestDetail } from '../../contracts/approval-request.ts';
import type { Decision, DecisionAnswer, DecisionRecorded } from '../../contracts/decision.ts';
import { patchSentences } from '../../domain/diff.ts';
import { type ApiConnection, connect } from '../api-connection.ts';
import { type Command, type Terminal, UsageError } from '../command.ts';
import { describeRequest, readRequest } from '../held-request.ts';
import { readObjectFile } from '../input-file.ts';
import { describeProposal, findingLines, waitingPatch } from '../proposed-patch.ts';
import { jsonLine, visible } from '../text.ts';

const DIGEST = /^sha256:[0-9a-f]{64}$/;

function onlyId(positionals: string[]): string {
  const [id, ...rest] = positionals;
  if (id === undefined || rest.length > 0) throw new UsageError('name one request');
  return id;
}

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
  checkDigest(given);
  return given ?? (await shown(api, id, terminal)).payload_digest;
}

/** The same for the patch that waits for a second approver. */
async function patchedDigest(
  api: ApiConnection,
  id: string,
  given: string | undefined,
  terminal: Terminal,
): Promise<string> {
  checkDigest(given);
  const request = given === undefined ? await shown(api, id, terminal) : await readRequest(api, id);
  const { payload_digest } = waitingPatch(request);
  return given ?? payload_digest;
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

export const approve: Command = {
  summary: 'approve a request, or its waiting patch',
  usage: [
    'usage: letsping approve ID [--patched] [--digest sha256:…] [--json]',
    '',
    'Approves exactly one payload. Without --digest this is the current payload, which is shown first. With --digest it is',
    'the payload that you saw earlier; if the request has changed since, nothing is approved.',
    '',
    '  --patched  approve the patch that waits for a second approver instead of the original payload',
  ].join('\n'),
  run: async (args, terminal) => {
    const options = {
      patched: { type: 'boolean', default: false },
      digest: { type: 'string' },
      json: { type: 'boolean', default: false },
    } as const;
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
    const id = onlyId(positionals);
    const api = await connect(terminal);
    const digestOf = values.patched ? patchedDigest : shownDigest;
    const payload_digest = await digestOf(api, id, values.digest, terminal);
    return send(api, id, { type: 'approve', payload_digest }, values.json, terminal);
  },
};

export const reject: Command = {
  summary: 'reject a request',
  usage: [
    'usage: letsping reject ID --reason TEXT [--digest sha256:…] [--json]',
    '',
    'The agent gets the reason verbatim.',
  ].join('\n'),
  run: async (args, terminal) => {
    const options = {
      reason: { type: 'string' },
      digest: { type: 'string' },
      json: { type: 'boolean', default: false },
    } as const;
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
    const id = onlyId(positionals);
    const reason = values.reason?.trim();
    if (!reason) throw new UsageError('--reason is missing: the agent gets it');
    const api = await connect(terminal);
    const payload_digest = await shownDigest(api, id, values.digest, terminal);
    return send(api, id, { type: 'reject', reason, payload_digest }, values.json, terminal);
  },
};

export const patch: Command = {
  summary: 'approve a request with another payload',
  usage: [
    'usage: letsping patch ID --file FILE|- [--json]',
    '',
    'Approves the payload in FILE instead of the original. Schema and firewall check it again. A patch with a finding that',
    'the original does not have is refused, or waits for a second approver if the policy says so.',
    'FILE contains the whole payload as JSON; - reads it from the standard input.',
  ].join('\n'),
  run: async (args, terminal) => {
    const options = { file: { type: 'string' }, json: { type: 'boolean', default: false } } as const;
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
    const id = onlyId(positionals);
    if (values.file === undefined)
      throw new UsageError('--file is missing: the whole payload as JSON, or - for the standard input');
    const patched_payload = readObjectFile(values.file);
    const api = await connect(terminal);
    const request = await shown(api, id, terminal);
    const changes = patchSentences(request.payload, patched_payload);
    terminal.err(`changes\n${changes.map((sentence) => `  - ${visible(sentence)}\n`).join('') || '  none\n'}\n`);
    return send(
      api,
      id,
      { type: 'patch', patched_payload, payload_digest: request.payload_digest },
      values.json,
      terminal,
    );
  },
};
