import { started } from '../../helpers/started.ts';
import { decide, detail, judged, openHeld, pause, pooled, resolved, type Suite } from '../suite.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const BODIES: Record<string, object> = {
  IngestBody: { service: 'billing-agent', action: 'refund', payload: { n: 1 } },
  Decision: { type: 'approve', payload_digest: DIGEST },
  ExecutedBody: { payload_digest: DIGEST },
  ClaimBody: { payload_digest: DIGEST },
  EndClaimBody: { ended: 'done' },
  ClosePermitBody: { closed_as: 'done', attempt: 1 },
  CreateKeyBody: { name: 'x', owner: 'x', role: 'approver' },
  Policy: {},
};
const ROLES = ['agent', 'approver', 'admin'] as const;

/** The documented operations, with the name of the body's schema. */
const operationsOf = (paths: Record<string, Record<string, any>>) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method,
      path,
      permission: operation['x-permission'] as string | undefined,
      body: operation.requestBody?.content['application/json'].schema.$ref?.split('/').pop() as string | undefined,
    })),
  );

/** Every route with an object id × every role, with objects of another project; and every list. */
export const foreign: Suite = {
  name: 'foreign projects',
  promises: ['separate projects'],
  async run({ rig: shared }, count) {
    const rig = await shared();
    const other = await rig.foreign();
    const pending = await openHeld(rig);
    const closed = await openHeld(rig);
    await decide(rig, closed.id, { type: 'approve', payload_digest: closed.payload_digest });
    const keys = (await rig.call(rig.admin_api_key, 'GET', '/api/keys')).body;
    const ours: string[] = [pending.id, closed.id, ...(JSON.stringify(keys).match(/key_[0-9a-z]{26}/g) ?? [])];
    const before = JSON.stringify([await detail(rig, pending.id), await detail(rig, closed.id)]);
    const bearer = { agent: other.agent_api_key, approver: other.approver_api_key, admin: other.admin_api_key };
    const { paths } = (await rig.call(rig.admin_api_key, 'GET', '/api/openapi.json')).body;
    for (const { method, path, permission, body } of operationsOf(paths)) {
      if (permission === undefined || path.endsWith('/events')) continue;
      for (const role of ROLES) {
        const ids = path.includes('{id}') ? ours : [''];
        for (const id of ids) {
          const named = path.replace('{id}', id).replace(/\{\w+\}/g, id || 'x');
          const given = body ? (BODIES[body] ?? {}) : method === 'post' ? {} : undefined;
          const token = { 'x-letsping-claim': 'a'.repeat(43) };
          const answer = await rig.call(bearer[role], method.toUpperCase(), named, given, token);
          const what = `${role} ${method} ${named}: ${answer.status}`;
          if (path.includes('{id}')) count.check([401, 403, 404].includes(answer.status), () => what);
          const leaked = ours.find((found) => answer.text.includes(found) && !named.includes(found));
          count.check(leaked === undefined && answer.status !== 500, () => `${what}, with ${leaked}`);
        }
      }
      const nobody = await rig.call('lp_test_nobody', method.toUpperCase(), path.replace(/\{\w+\}/g, pending.id));
      count.check(nobody.status === 401, () => `nobody ${method} ${path}: ${nobody.status}`);
    }
    const after = JSON.stringify([await detail(rig, pending.id), await detail(rig, closed.id)]);
    count.check(after === before, () => 'data of another project was changed');
    await judged(rig, count, { ids: [pending.id, closed.id] });
  },
};

/** A requester never decides, with any of their keys. */
export const ownRequests: Suite = {
  name: 'requesters do not decide',
  promises: ['one resolution'],
  async run({ rig: shared }, count) {
    const rig = await shared();
    const { id, payload_digest } = await openHeld(rig);
    const owner = (await detail(rig, id)).requested_by;
    const second = {
      approver: await rig.key(owner, 'approver'),
      admin: await rig.key(owner, 'admin'),
      agent: await rig.key(owner, 'agent'),
    };
    for (const type of ['approve', 'reject', 'patch'] as const) {
      const body = {
        type,
        payload_digest,
        ...(type === 'reject' && { reason: 'x' }),
        ...(type === 'patch' && { patched_payload: { amount: 1 } }),
      };
      for (const [who, key] of [['agent', rig.agent_api_key], ...Object.entries(second)] as const) {
        const answer = await decide(rig, id, body, key);
        count.check(answer.status === 403, () => `${who} key of the owner, ${type}: ${answer.status}`);
      }
    }
    count.check((await detail(rig, id)).status === 'pending', () => 'decided by its own owner');
    const stale = await decide(rig, id, { type: 'approve', payload_digest: DIGEST });
    count.check(stale.status === 412, () => `another digest: ${stale.status}`);
    await judged(rig, count, { ids: [id] });
  },
};

/** The attacker can write to the namespace but has no key: their messages to the workflow change nothing. */
export const messages: Suite = {
  name: 'messages straight to the workflow',
  promises: ['one resolution', 'approved bytes'],
  async run({ form, rig: shared }, count) {
    const rig = await shared();
    const ids: string[] = [];
    const forged = (payload_digest: string) => ({
      decision_id: 'dec_made_up',
      type: 'approve',
      actor: 'mallory',
      payload_digest,
    });
    const attacks: Record<string, (id: string, digest: string, real: any) => Promise<unknown>> = {
      'signal, no argument': (id) => rig.temporal.workflow.getHandle(`approval/${id}`).signal('decide'),
      'signal, junk': (id) =>
        rig.temporal.workflow.getHandle(`approval/${id}`).signal('decide_recorded', 'approve', 7, null),
      'signal, another digest': (id) =>
        rig.temporal.workflow
          .getHandle(`approval/${id}`)
          .signal('decide', { type: 'approve', actor: 'bot', payload_digest: DIGEST }),
      'signal, own request': (id, digest) =>
        rig.temporal.workflow
          .getHandle(`approval/${id}`)
          .signal('decide', { type: 'approve', actor: 'dev-agent', payload_digest: digest }),
      'signal, a patch': (id, digest) =>
        rig.temporal.workflow
          .getHandle(`approval/${id}`)
          .signal('decide', { type: 'patch', actor: 'bot', payload_digest: digest, patched_digest: DIGEST }),
      'recorded, made up': (id, digest) =>
        rig.temporal.workflow.getHandle(`approval/${id}`).signal('decide_recorded', forged(digest)),
      'update, made up': (id, digest) =>
        rig.temporal.workflow
          .getHandle(`approval/${id}`)
          .executeUpdate('decide', { args: [forged(digest)], updateId: 'dec_made_up' }),
      "recorded, another request's decision": (id, digest, real) =>
        rig.temporal.workflow
          .getHandle(`approval/${id}`)
          .signal('decide_recorded', { ...forged(digest), decision_id: real.decision_id, actor: real.decided_by }),
      'update, a rejection turned round': async (id, digest) => {
        await rig.kill('worker');
        const recorded = await decide(rig, id, { type: 'reject', reason: 'no', payload_digest: digest });
        const turned = {
          decision_id: recorded.body.decision_id,
          type: 'approve',
          actor: 'dev-approver',
          payload_digest: digest,
        };
        await rig.restore('worker');
        await rig.temporal.workflow.getHandle(`approval/${id}`).signal('decide_recorded', turned);
      },
    };
    const other = await openHeld(rig);
    const real = (await decide(rig, other.id, { type: 'approve', payload_digest: other.payload_digest })).body;
    for (let round = 0; round < (form === 'whole' ? 10 : 1); round++)
      for (const [name, attack] of Object.entries(attacks)) {
        if (round > 0 && name.startsWith('update, a rejection')) continue;
        const { id, payload_digest } = await openHeld(rig, { priority: 'critical' });
        await started(rig.temporal, id);
        ids.push(id);
        await attack(id, payload_digest, real).catch(() => {});
        // A recorded rejection counts by its row, whatever the message says.
        const expected = name.startsWith('update, a rejection') ? 'rejected' : 'pending';
        if (expected === 'pending') await pause(400);
        else await resolved(rig, id);
        const end = await detail(rig, id);
        count.check(end.status === expected, () => `${name}: ${end.status}`);
        count.check(
          ['RUNNING', 'COMPLETED'].includes(
            (await rig.temporal.workflow.getHandle(`approval/${id}`).describe()).status.name,
          ),
          () => `${name}: the workflow failed`,
        );
      }
    await judged(rig, count, { ids });
  },
};

export const namespaceWriter: Suite = {
  name: 'terminated and reset by a namespace writer',
  promises: ['one resolution', 'approved bytes'],
  async run({ form, rig: shared }, count) {
    const rig = await shared();
    const terminated = await Promise.all(Array.from({ length: form === 'whole' ? 5 : 2 }, () => openHeld(rig)));
    for (const { id } of terminated) {
      await started(rig.temporal, id);
      await rig.temporal.workflow.getHandle(`approval/${id}`).terminate('by hand');
    }
    await pooled(terminated, 5, async ({ id, payload_digest }) => {
      const answer = await decide(rig, id, { type: 'approve', payload_digest });
      const { status } = await detail(rig, id);
      count.check(
        status === 'approved' && answer.status === 201,
        () => `${id}: ${status} after its workflow was terminated (answered ${answer.status})`,
      );
    });
    await judged(rig, count, { ids: terminated.map(({ id }) => id), tampered: terminated.map(({ id }) => id) });
    const reset = await Promise.all(Array.from({ length: form === 'whole' ? 5 : 2 }, () => openHeld(rig)));
    await pooled(reset, 5, async ({ id, payload_digest }) => {
      const first = await decide(rig, id, { type: 'reject', reason: 'no', payload_digest });
      const handle = rig.temporal.workflow.getHandle(`approval/${id}`);
      const receipt = (await rig.call(rig.approver_api_key, 'GET', `/api/approval-requests/${id}/receipt`)).text;
      await rig.temporal.workflowService.resetWorkflowExecution({
        namespace: rig.env['TEMPORAL_NAMESPACE']!,
        workflowExecution: { workflowId: `approval/${id}` },
        reason: 'by hand',
        workflowTaskFinishEventId: 4 as never,
        requestId: `reset-${id}`,
      });
      await handle.signal('decide', { type: 'approve', actor: 'bot', payload_digest }).catch(() => {});
      const result = (await Promise.race([
        handle.result().catch((error: Error) => error.message),
        pause(20_000),
      ])) as any;
      const end = await detail(rig, id);
      const again = (await rig.call(rig.approver_api_key, 'GET', `/api/approval-requests/${id}/receipt`)).text;
      count.check(
        first.status === 201 && end.status === 'rejected' && receipt === again,
        () => `${id}: ${end.status} after a reset`,
      );
      count.check(
        result === undefined || result.status === 'rejected',
        () => `${id}: the reset workflow returned ${JSON.stringify(result)}`,
      );
    });
    await judged(rig, count, { ids: reset.map(({ id }) => id), tampered: reset.map(({ id }) => id) });
  },
};
