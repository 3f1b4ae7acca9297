/** `exports.mjs PACKAGE`: loads every export by `import` and by `require`, and prints what each of them has as JSON. */
import { createRequire } from 'node:module';

const [name] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const { exports } = require(`${name}/package.json`);
const loaded = {};
for (const path of Object.keys(exports)) {
  const specifier = `${name}${path.slice(1)}`;
  if (path.endsWith('.json')) {
    const { default: imported } = await import(specifier, { with: { type: 'json' } });
    loaded[path] = { names: Object.keys(imported), same: imported.version === require(specifier).version };
  } else {
    const imported = await import(specifier);
    const required = require(specifier);
    const names = Object.keys(imported);
    const same = names.length > 0 && names.every((one) => imported[one] === required[one]);
    loaded[path] = { names, same: same && Object.keys(required).every((one) => names.includes(one)) };
  }
}
process.stdout.write(`${JSON.stringify(loaded)}\n`);
