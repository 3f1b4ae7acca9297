import { Router } from 'express';
import type { JWK } from 'jose';

export interface HealthDeps {
  /** Each resolves when its part can be used, and rejects with what is wrong. */
  checks: Record<string, () => Promise<void>>;
  publishedKeys: () => Promise<JWK[]>;
}

/** Public: is the process alive, can it work, and with which keys receipts are verified. */
export function healthRoutes({ checks, publishedKeys }: HealthDeps): Router {
  const router = Router();
  router.get('/livez', (_req, res) => {
    res.json({ status: 'alive' });
  });
  router.get('/readyz', async (_req, res) => {
    const names = Object.keys(checks);
    const results = await Promise.allSettled(names.map((name) => checks[name]!()));
    const parts = Object.fromEntries(
      names.map((name, i) => [name, results[i]!.status === 'fulfilled' ? 'ok' : 'unavailable']),
    );
    const ready = results.every(({ status }) => status === 'fulfilled');
    res.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready', parts });
  });
  router.get('/.well-known/jwks.json', async (_req, res) => {
    res.set('Cache-Control', 'public, max-age=300').json({ keys: await publishedKeys() });
  });
  return router;
}
