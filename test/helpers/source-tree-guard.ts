import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Every test file loads this first. A test that writes into the source tree fails: files that it leaves after a crash get
 * committed by accident, and concurrent tests read them. Temporary files belong into `tmpdir()`.
 */
const ROOT = fs.realpathSync(resolve(import.meta.dirname, '../..'));
const GENERATED = ['node_modules', 'dist', '.letsping', '.git'];

type Call = (...args: unknown[]) => unknown;
/** The position of the path that a function writes to. */
const WRITES: Record<string, 0 | 1> = {
  ...Object.fromEntries(['writeFile', 'appendFile', 'mkdir', 'mkdtemp', 'rm', 'unlink'].map((name) => [name, 0])),
  ...Object.fromEntries(['rename', 'copyFile', 'cp', 'link', 'symlink'].map((name) => [name, 1])),
};

function refuse(target: unknown): void {
  if (typeof target !== 'string' && !(target instanceof URL)) return; // a descriptor that is already open
  const path = relative(ROOT, resolve(target instanceof URL ? fileURLToPath(target) : target));
  if (path.startsWith('..') || isAbsolute(path) || GENERATED.includes(path.split(sep)[0]!)) return;
  throw new Error(`A test writes into the source tree: ${path}. Use a folder below tmpdir().`);
}

function guard(
  owner: object,
  name: string,
  position: number,
  wrap: (check: () => void, call: () => unknown) => unknown,
) {
  const functions = owner as Record<string, Call>;
  const original = functions[name];
  if (original)
    functions[name] = (...args) =>
      wrap(
        () => refuse(args[position]),
        () => original.apply(owner, args),
      );
}

const now = (check: () => void, call: () => unknown) => {
  check();
  return call();
};
const asPromise = async (check: () => void, call: () => unknown) => now(check, call);

for (const [name, position] of Object.entries(WRITES)) {
  guard(fs, name, position, now);
  guard(fs, `${name}Sync`, position, now);
  guard(fs.promises, name, position, asPromise);
}
guard(fs, 'createWriteStream', 0, now);
syncBuiltinESMExports();
