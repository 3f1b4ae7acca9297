import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { Router } from 'express';
import { STYLE } from './style.css.ts';

/** The browser's entry. Modules keep their relative paths under /assets/, so that their imports resolve. */
const ENTRY = 'api/page/browser/page.js';

/** dist/, which also contains this file. From source, as in a test, the last build is served, or no script. */
const BUILT = new URL(import.meta.url.endsWith('.ts') ? '../../dist/' : '../../', import.meta.url);

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#3457d5"/><path d="M6.5 12.5l3.6 3.6 7.4-8" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

interface Asset {
  type: string;
  body: string;
}

function load(): Map<string, Asset> {
  const assets = new Map<string, Asset>([
    ['style.css', { type: 'text/css', body: STYLE }],
    ['icon.svg', { type: 'image/svg+xml', body: ICON }],
  ]);
  const modules = new Set([ENTRY]);
  // The loop also visits imports that it adds.
  for (const path of modules) {
    const file = new URL(path, BUILT);
    if (!existsSync(file)) continue;
    const body = readFileSync(file, 'utf8');
    assets.set(path, { type: 'text/javascript', body });
    for (const [, name] of body.matchAll(/\bfrom '(\.[^']+)'/g)) modules.add(posix.join(posix.dirname(path), name!));
  }
  return assets;
}

const ASSETS = load();

/** One version for all assets: modules import each other by relative paths, so their addresses change together. */
const VERSION = createHash('sha256')
  .update(JSON.stringify([...ASSETS]))
  .digest('hex')
  .slice(0, 16);

export const assetUrl = (path: string): string => `/assets/${VERSION}/${path}`;

/** Cached for a year under their version. A request for another version, as during a rolling upgrade, gets the current files. */
export function assetRoutes(): Router {
  const router = Router();
  router.get('/assets/:version/*path', (req, res, next) => {
    const asset = ASSETS.get([req.params.path].flat().join('/'));
    if (!asset) {
      next();
      return;
    }
    res.set('Cache-Control', req.params.version === VERSION ? 'public, max-age=31536000, immutable' : 'no-cache');
    res.type(asset.type).send(asset.body);
  });
  return router;
}
