import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { approve, patch } from '../../cli/commands/decide.ts';
import { keys } from '../../cli/commands/keys.ts';
import { policy } from '../../cli/commands/policy.ts';
import { show } from '../../cli/commands/show.ts';
import { verify } from '../../cli/commands/verify.ts';
import { LetsPing } from '../../client/index.ts';
import { type LocalSystem, localSystem } from '../helpers/local-system.ts';
import { run } from './run.ts';

let system: LocalSystem;
let lp: LetsPing;
let bo: NodeJS.ProcessEnv;
beforeAll(async () => {
  system = await localSystem();
  lp = new LetsPing(system.agent_api_key, { baseUrl: system.api_url });
  const written = await run(
    policy,
    ['apply', file('policy.yaml', 'widening_patches: second_approver\n'), '--reason', 'two people'],
    system.admin,
  );
  expect(written).toMatchObject({ code: 0 });
  const made = await run(
    keys,
    ['create', '--name', 'bo', '--owner', 'bo', '--role', 'approver', '--json'],
    system.admin,
  );
  bo = { ...system.approver, LETSPING_API_KEY: JSON.parse(made.out).api_key };
});
afterAll(() => system?.stop());

const file = (name: string, text: string): string => {
  const path = join(system.data_dir, name);
  writeFileSync(path, text);
  return path;
};

const widened = { url: 'http://169.254.169.254/' };

test('a patch that waits is shown, approved by another person, and verified with both names', async () => {
  const { id } = await lp.open({ service: 's', action: 'a', payload: { url: 'https://api.example.com/' } });
  const none = await run(approve, [id, '--patched'], bo);
  expect(none).toMatchObject({ code: 1, out: '', failure: { code: 'no_proposed_patch' } });
  expect(none.err).toContain('no patch of this request waits for a second approver');

  const payload = file('widened.json', JSON.stringify(widened));
  const proposed = await run(patch, [id, '--file', payload], system.approver);
  expect(proposed).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^waits for a second approver: dec_.*\npatched digest {2}sha256:/),
  });
  expect(proposed.err).toContain('egress/metadata  at /url');
  expect(proposed.err).toContain(`letsping approve ${id} --patched`);
  const again = JSON.parse((await run(patch, [id, '--file', payload, '--json'], system.approver)).out);
  expect(again).toMatchObject({ status: 'awaiting_second_approver', findings: [{ id: 'egress/metadata' }] });

  const shown = await run(show, [id], bo);
  expect(shown.out).toContain('a patch by dev-approver,');
  expect(shown.out).toContain('  - url: ');
  expect(shown.out).toContain(`patched digest  ${again.payload_digest}`);
  expect(shown.err).toContain(`letsping approve ${id} --patched --digest ${again.payload_digest}`);

  expect(await run(approve, [id, '--patched'], system.approver)).toMatchObject({
    code: 1,
    failure: { code: 'own_patch', hint: 'ask somebody else to approve it' },
  });
  expect(await run(approve, [id, '--patched', '--digest', `sha256:${'0'.repeat(64)}`], bo)).toMatchObject({
    code: 1,
    failure: { code: 'payload_changed' },
  });
  const approved = await run(approve, [id, '--patched', '--digest', again.payload_digest], bo);
  expect(approved).toMatchObject({ code: 0, out: expect.stringContaining('approved with the patched payload by bo') });
  expect(await lp.waitForDecision(id)).toMatchObject({
    status: 'APPROVED_WITH_MODIFICATIONS',
    patched_payload: widened,
    metadata: { actor_id: 'bo' },
  });
  const after = await run(show, [id], bo);
  expect(after.out).toContain('by dev-approver, and approved by a second approver');
  expect(after.out).not.toContain('patched digest');

  const receipt = file('receipt.jws', (await run(show, [id, '--receipt'], bo)).out);
  const jwks = file('jwks.json', await (await fetch(`${system.public_url}/.well-known/jwks.json`)).text());
  expect((await run(verify, [receipt, '--keys', jwks])).out).toMatch(/with modifications, by dev-approver and bo\n/);
});
