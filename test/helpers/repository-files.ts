import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const REPOSITORY = join(import.meta.dirname, '../..');

const SKIPPED = new Set(['.git', '.letsping', 'dist', 'node_modules', 'secrets']);

function paths(folder: string): string[] {
  return readdirSync(join(REPOSITORY, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : paths(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Files of the repository whose path matches, without generated and local folders. */
export const repositoryFiles = (matching: RegExp): { path: string; text: string }[] =>
  paths('')
    .filter((path) => matching.test(path))
    .map((path) => ({ path, text: readFileSync(join(REPOSITORY, path), 'utf8') }));
