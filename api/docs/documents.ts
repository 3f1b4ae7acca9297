import { readdirSync, readFileSync } from 'node:fs';

/** Where the build wrote the pages: `dist/docs/`, beside the folder of this file. */
const BUILT = new URL('../../docs/', import.meta.url);

const built = () =>
  new Map(
    readdirSync(BUILT).map((file) => [
      file === 'index.html' ? '' : file.replace(/\.html$/, ''),
      readFileSync(new URL(file, BUILT), 'utf8'),
    ]),
  );

/** Every page, by its name under `/docs`. From source, as in a test, they are rendered now. */
export const DOCUMENTS: ReadonlyMap<string, string> = import.meta.url.endsWith('.ts')
  ? (await import('./render.ts')).renderDocuments()
  : built();
