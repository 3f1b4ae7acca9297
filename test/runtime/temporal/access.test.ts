import type { Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { refusalOfTemporal, TemporalRefused, temporalAccess } from '../../../runtime/temporal/access.ts';

/** The shape of the client's gRPC errors. */
const grpcError = (code: number) =>
  Object.assign(new Error(`${code} said no`), { code, details: 'said no', metadata: {} });

/** A server with these answers. test/cli/doctor.test.ts uses a real one. */
const access = (server: { version?: string; syncUpdate?: boolean; refuses?: number }) => {
  const workflowService = {
    getSystemInfo: async () => ({ serverVersion: server.version ?? '1.32.0' }),
    describeNamespace: async () => {
      if (server.refuses !== undefined) throw grpcError(server.refuses);
      return { namespaceInfo: { capabilities: { syncUpdate: server.syncUpdate ?? true } } };
    },
  };
  return temporalAccess({ workflowService } as unknown as Connection, 'approvals');
};

test('one sentence each: a namespace that is missing, forbidden or without Updates, and a server that is too old', async () => {
  await expect(access({ refuses: 5 })).rejects.toThrow(
    /^the Temporal namespace "approvals" does not exist: create it \(.*\) or set TEMPORAL_NAMESPACE$/,
  );
  await expect(access({ refuses: 7 })).rejects.toThrow(
    /^the Temporal credential lacks a permission on the namespace "approvals" .*"writer"/,
  );
  await expect(access({ refuses: 16 })).rejects.toThrow(/is not accepted .* check TEMPORAL_API_KEY/);
  await expect(access({ refuses: 12 })).rejects.toThrow(/too old, use 1\.25\.0 or newer$/);
  await expect(access({ syncUpdate: false })).rejects.toThrow(/does not accept Updates/);
  await expect(access({ version: '1.24.2' })).rejects.toThrow(/^this Temporal server is 1\.24\.2, which is too old/);
  for (const server of [{ refuses: 5 }, { syncUpdate: false }, { version: '1.20.0' }]) {
    await expect(access(server)).rejects.toBeInstanceOf(TemporalRefused);
    await expect(access(server)).rejects.toThrow(/^[^\n]+$/);
  }
  expect(await access({})).toEqual({ version: '1.32.0' });
});

test('an unavailable server is not a refusal', async () => {
  expect(refusalOfTemporal(grpcError(14), 'approvals', 'start')).toBeUndefined();
  expect(refusalOfTemporal(grpcError(4), 'approvals', 'start')).toBeUndefined();
  await expect(access({ refuses: 14 })).rejects.not.toBeInstanceOf(TemporalRefused);
});
