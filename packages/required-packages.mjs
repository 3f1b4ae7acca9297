/**
 * In a bundle, CommonJS packages are loaded by `require`. Before Node imports one, it reads the text of all files that it passes names on
 * from, to know these names: for Temporal's SDK more than a megabyte. `require` needs no names.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const known = new Map();

/** Whether both ways lead to one CommonJS file. */
function isCommonJs(id) {
  if (!known.has(id)) known.set(id, read(id));
  return known.get(id);
}

function read(id) {
  const url = import.meta.resolve(id);
  if (!url.startsWith('file:')) return false; // a module of Node
  const file = fileURLToPath(url);
  if (file !== require.resolve(id)) return false;
  return file.endsWith('.cjs') || (file.endsWith('.js') && typeOf(dirname(file)) !== 'module');
}

function typeOf(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).type;
  } catch {
    return typeOf(dirname(folder));
  }
}

const IMPORT = /^import (?:(?<whole>[\w$]+)(?:, )?)?(?:\{(?<names>[^}]*)\})? ?from "(?<id>[^"]+)";$/;

/** The code of a bundle with such imports replaced, line by line. */
export function withRequires(code) {
  let isFirst = true;
  return code
    .split('\n')
    .map((line) => {
      const { whole, names, id } = IMPORT.exec(line)?.groups ?? {};
      if (id === undefined || id.startsWith('.') || !isCommonJs(id)) return line;
      const begin = isFirst
        ? 'import { createRequire as $createRequire } from "node:module"; const $require = $createRequire(import.meta.url); '
        : '';
      isFirst = false;
      const load = `$require(${JSON.stringify(id)})`;
      const members = names === undefined ? '' : `const {${names.replaceAll(' as ', ': ')}} = ${load};`;
      return `${begin}${whole ? `const ${whole} = ${load}; ` : ''}${members}`;
    })
    .join('\n');
}
