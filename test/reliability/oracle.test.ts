import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRig, type Rig } from '../faults/rig.ts';
import { decide, type Opened, openHeld, POLICY, resolved } from './suite.ts';

let rig: Rig;
let closed: Opened;
let other: Opened;
/** Resolved by two people: one patched, the second approved. */
let widened: Opened;
beforeAll(async () => {
  rig = await createRig({ policy: { ...POLICY, widening_patches: 'second_approver' }, say: () => {} });
  closed = await openHeld(rig);
  other = await openHeld(rig);
  for (const { id, payload_digest } of [closed, other]) {
    await decide(rig, id, { type: 'approve', payload_digest });
    await resolved(rig, id);
  }
  widened = await openHeld(rig);
  const { id, payload_digest } = widened;
  const patched_payload = { url: 'http://169.254.169.254/' };
  const { body } = await decide(rig, id, { type: 'patch', patched_payload, payload_digest });
  await decide(rig, id, { type: 'approve', payload_digest: body.payload_digest }, await rig.key('second', 'approver'));
  await resolved(rig, id);
});
afterAll(() => rig.stop());

/** Tampers as the owner of the tables, without the ledger's trigger, and restores the data afterwards. */
async function tampered(there: string, back: string): Promise<string[]> {
  const run = (sql: string) =>
    rig.sql(`set session_replication_role = replica; ${sql}; set session_replication_role = default`);
  await run(there);
  const found = await rig.oracle.audit({ ids: [closed.id, other.id, widened.id] });
  await run(back);
  return [...new Set(found.map(({ invariant }) => invariant))].toSorted();
}
const of = (id: string) => `where request_id = '${id}'`;

test('the oracle finds no violation in an untouched deployment', async () => {
  expect((await rig.oracle.settle({}, 20_000)).violations).toEqual([]);
});

/** `opens` beside the oracle's own findings: the api refuses to show the request, because a row fails its authenticity check. */
test('the oracle finds tampered rows', async () => {
  const { id } = closed;
  expect(
    await tampered(
      `update ledger set status = 'rejected' ${of(id)}`,
      `update ledger set status = 'approved' ${of(id)}`,
    ),
  ).toEqual(expect.arrayContaining(['same resolution', 'records agree', 'only approved']));
  expect(
    await tampered(
      `update approval_requests set status = 'pending', resolved_at = null where id = '${id}'`,
      `update approval_requests set status = 'approved', resolved_at = (select resolved_at from ledger ${of(id)}) where id = '${id}'`,
    ),
  ).toEqual(['records agree']);
  expect(
    await tampered(
      `create table kept as select * from ledger; update ledger set receipt = (select receipt from kept ${of(other.id)}) ${of(id)}`,
      `update ledger set receipt = (select receipt from kept ${of(id)}) ${of(id)}; drop table kept`,
    ),
  ).toEqual(['never changed', 'opens', 'records agree']);
  expect(
    await tampered(
      `create table kept as select * from ledger; delete from ledger ${of(id)}`,
      `insert into ledger select * from kept ${of(id)}; drop table kept`,
    ),
  ).toEqual(expect.arrayContaining(['same resolution', 'records agree', 'never changed']));
  expect(
    await tampered(
      `update decisions set actor = 'mallory' ${of(id)}`,
      `update decisions set actor = 'dev-approver' ${of(id)}`,
    ),
  ).toEqual(['only approved', 'opens']);
  expect(
    await tampered(
      `insert into claims (request_id, attempt, project_id, payload_digest, claimed_by, retryable, claimed_at, unknown_after, ended, ended_at, mac) select id, 1, project_id, 'sha256:0', 'x', false, now(), now(), 'done', now(), '' from approval_requests where id = '${id}'`,
      `delete from claims ${of(id)}`,
    ),
  ).toEqual(['only approved', 'opens']);
  expect(
    await tampered(
      `create table kept as select * from approval_requests; update approval_requests set sealed = (select sealed from kept where id = '${other.id}') where id = '${id}'`,
      `update approval_requests set sealed = (select sealed from kept where id = '${id}') where id = '${id}'; drop table kept`,
    ),
  ).toContain('opens');
});

test('the oracle finds a patch that runs without a second person', async () => {
  const patch = `${of(widened.id)} and type = 'patch'`;
  for (const [there, back] of [
    ["actor = 'second'", "actor = 'dev-approver'"],
    ["screening = 'refused'", "screening = 'second_approver'"],
    ["actor = 'third'", "actor = 'dev-approver'"], // the receipt names the author
  ])
    expect(await tampered(`update decisions set ${there} ${patch}`, `update decisions set ${back} ${patch}`)).toEqual([
      'only approved',
      'opens',
    ]);
});

test('the oracle shares no code with the product', () => {
  const folder = new URL('../oracle/', import.meta.url);
  for (const name of readdirSync(folder)) {
    const imports = [...readFileSync(new URL(name, folder), 'utf8').matchAll(/from '([^']+)'/g)].map(
      ([, from]) => from!,
    );
    expect(imports.filter((from) => !/^(\.\/|node:|pg$|@temporalio\/client$)/.test(from))).toEqual([]);
  }
});
