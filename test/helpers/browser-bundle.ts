import { builtinModules } from 'node:module';
import { relative, resolve } from 'node:path';
import { build, type Rollup } from 'vite';

const ROOT = resolve(import.meta.dirname, '../..');

/**
 * Bundles an entry with all its packages, as an application for browsers would. `nodeModules` lists what the entry imports,
 * directly or through a package, that only Node has: Vite itself replaces those by an empty module and only warns.
 */
export async function browserBundle(
  entry: string,
  format: 'es' | 'iife' = 'es',
): Promise<{ code: string; files: string[]; nodeModules: string[] }> {
  const nodeModules: string[] = [];
  const bundle = await build({
    root: ROOT,
    configFile: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'node-only-imports',
        enforce: 'pre',
        resolveId(source, importer) {
          if (source.startsWith('node:') || builtinModules.includes(source)) nodeModules.push(`${importer}: ${source}`);
          return null;
        },
      },
    ],
    build: { write: false, minify: true, lib: { entry, formats: [format], name: 'bundle' } },
  });
  const [output] = (Array.isArray(bundle) ? bundle : [bundle]) as Rollup.RollupOutput[];
  const [{ code, moduleIds, imports }] = output!.output;
  return {
    code,
    // A name that begins with NUL is the bundler's own.
    files: moduleIds.filter((id) => !id.startsWith('\0')).map((id) => relative(ROOT, id)),
    nodeModules: [...nodeModules, ...imports],
  };
}
