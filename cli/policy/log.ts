import type { PolicyLog } from '../../contracts/policy-change.ts';
import { connect } from '../api-connection.ts';
import type { Terminal } from '../command.ts';
import { jsonLine, visible } from '../text.ts';

/** The newest versions: author, loosenings and reason. */
export async function log(json: boolean, terminal: Terminal): Promise<0> {
  const api = await connect(terminal, 'admin');
  const { body } = await api.call<PolicyLog>({ method: 'GET', path: '/policy/versions' });
  if (json) terminal.out(jsonLine(body));
  else {
    for (const { version, created_by, created_at, loosenings, reason, authentic } of body.items) {
      terminal.out(`${visible(`version ${version}  ${created_at ?? ''}  ${created_by ?? ''}`)}\n`);
      if (!authentic)
        terminal.out('  not authentic: this version, or the one before it, was not written by the server\n');
      if (reason !== null) terminal.out(`  reason: ${visible(reason)}\n`);
      for (const sentence of loosenings) terminal.out(`  looser: ${visible(sentence)}\n`);
    }
    if (body.items.length === 0) terminal.err('No policy yet: every action needs approval.\n');
  }
  return 0;
}
