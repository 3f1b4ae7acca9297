import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Imported first by a bundled program (packages/programs.mjs): stack traces name the file and line of a module, as without a bundle.
 * `node --enable-source-maps` would read the map of every file that is loaded. Here one is read when the stack of an error is.
 */

const PROGRAMS = new URL('../programs/', import.meta.url).href;
const maps = new Map<string, SourceMap | undefined>();

function mapOf(bundle: string): SourceMap | undefined {
  if (!maps.has(bundle)) maps.set(bundle, read(bundle));
  return maps.get(bundle);
}

function read(bundle: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${bundle}.map`), 'utf8')));
  } catch {
    return undefined; // the frame names the bundle
  }
}

function sourceOf(frame: NodeJS.CallSite): string {
  const text = String(frame);
  const bundle = frame.getFileName();
  const [line, column] = [frame.getLineNumber(), frame.getColumnNumber()];
  if (!bundle?.startsWith(PROGRAMS) || line === null || column === null) return text;
  const found = mapOf(bundle)?.findEntry(line - 1, column - 1);
  if (!found || !('originalSource' in found)) return text;
  const source = new URL(found.originalSource, bundle).href;
  return text.replace(`${bundle}:${line}:${column}`, `${source}:${found.originalLine + 1}:${found.originalColumn + 1}`);
}

Error.prepareStackTrace = (error, frames) =>
  [String(error), ...frames.map((frame) => `    at ${sourceOf(frame)}`)].join('\n');
