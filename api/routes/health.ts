import type { JWK } from 'jose';
import { z } from 'zod/v4';
import { type Route, route } from '../route.ts';

export interface HealthDeps {
  /** Each resolves when its part can be used, and rejects with what is wrong. */
  checks: Record<string, () => Promise<void>>;
  publishedKeys: () => Promise<JWK[]>;
}

const Alive = z.object({ status: z.string() });
const Readiness = z.object({
  status: z.enum(['ready', 'not ready']),
  parts: z.record(z.string(), z.enum(['ok', 'unavailable'])),
});
const KeySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });
const CACHED = { 'Cache-Control': 'public, max-age=300' };

/** Public: liveness, readiness, and the keys that verify receipts. */
export const healthRoutes = ({ checks, publishedKeys }: HealthDeps): Route[] => [
  route({
    method: 'get',
    path: '/livez',
    summary: 'The process is alive',
    access: 'public',
    answers: { 200: Alive },
    handler: () => ({ status: 200, body: { status: 'alive' } }),
  }),

  route({
    method: 'get',
    path: '/readyz',
    summary: 'It can work: database, migrations, Temporal',
    access: 'public',
    answers: { 200: Readiness, 503: Readiness },
    async handler() {
      const names = Object.keys(checks);
      const results = await Promise.allSettled(names.map((name) => checks[name]!()));
      const parts = Object.fromEntries(
        names.map((name, i) => [name, results[i]!.status === 'fulfilled' ? 'ok' : 'unavailable'] as const),
      );
      const ready = results.every(({ status }) => status === 'fulfilled');
      const body: z.infer<typeof Readiness> = { status: ready ? 'ready' : 'not ready', parts };
      return ready ? { status: 200, body } : { status: 503, body };
    },
  }),

  route({
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: 'The public keys that verify receipts',
    access: 'public',
    answers: { 200: KeySet },
    refusals: ['database_unavailable', 'key_unavailable'],
    handler: async () => ({ status: 200, headers: CACHED, body: { keys: await publishedKeys() } }),
  }),
];
