import type { ApprovalRequestPage } from '../../contracts/approval-request.ts';
import type { PermitAnswer } from '../../contracts/permit.ts';
import { permitSentence } from '../../domain/approval/permit-sentence.ts';
import { connect } from '../api-connection.ts';
import { type Terminal, UsageError } from '../command.ts';
import { readRequest } from '../held-request.ts';
import { cell, jsonLine, table, visible } from '../text.ts';

/** Prints approved requests whose result is unknown, newest first. */
export async function listUnknown({ json }: { json: boolean }, terminal: Terminal): Promise<0> {
  const api = await connect(terminal);
  const { body } = await api.call<ApprovalRequestPage>({
    method: 'GET',
    path: '/approval-requests?permit=unknown&limit=200',
  });
  if (json) terminal.out(jsonLine(body));
  else if (body.items.length === 0) terminal.out('No result is unknown.\n');
  else {
    const rows = body.items.map(({ id, service, action, permit }) => [
      id,
      cell(service, 24),
      cell(action, 24),
      visible(permit ? permitSentence(permit) : '-'),
    ]);
    terminal.out(table([['REQUEST', 'SERVICE', 'ACTION', 'PERMIT'], ...rows]));
    terminal.err('try: letsping permits close REQUEST --as done, or --as not_run\n');
  }
  return 0;
}

/** Closes the newest claim of a request, which is shown first. */
export async function closePermit(
  { id, as, json }: { id: string; as: string | undefined; json: boolean },
  terminal: Terminal,
): Promise<0> {
  if (as === undefined) throw new UsageError('--as takes done or not_run');
  const api = await connect(terminal);
  const { permit } = await readRequest(api, id);
  if (permit) terminal.err(visible(`${permitSentence(permit)}.`).concat('\n'));
  const { body } = await api.call<PermitAnswer>({
    method: 'POST',
    path: `/approval-requests/${encodeURIComponent(id)}/claim/close`,
    body: { closed_as: as, attempt: Math.max(1, permit?.attempt ?? 1) },
  });
  terminal.out(json ? jsonLine(body) : visible(`${id}: ${permitSentence(body.permit)}.`).concat('\n'));
  return 0;
}
