import { mkdirSync, writeFileSync } from 'node:fs';
import { renderDocuments } from './render.ts';

/** A step of `npm run build`, after the compiler: writes the pages of `docs/` into `dist/docs/`. */

const OUT = new URL('../../docs/', import.meta.url);
mkdirSync(OUT, { recursive: true });
for (const [name, page] of renderDocuments()) writeFileSync(new URL(`${name || 'index'}.html`, OUT), page);
