import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const INSTALLED = join(ROOT, 'node_modules');

/** A team's project in a temporary folder, with this repository's packages and, where a test wants them, second copies of some. */
export interface ProjectFolder {
  folder: string;
  /** Copies an installed package into `node_modules` of the project, or of a folder in it; returns the copy's folder. */
  copy(name: string, options?: { into?: string; version?: string }): string;
  /** Links an installed package instead of a copy. */
  link(name: string): void;
  /** The real folder of a package as the project resolves it. */
  folderOf(name: string): string;
  /** Writes a file; returns its path. */
  write(path: string, text: string): string;
  remove(): void;
}

/** `node_modules` has one symbolic link per installed package, and `letsping-temporal` as a copy of manifest and build. */
export function createProjectFolder(): ProjectFolder {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'letsping-project-')));
  const modules = join(folder, 'node_modules');
  const link = (name: string) => {
    rmSync(join(modules, name), { recursive: true, force: true });
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(INSTALLED, name), join(modules, name));
  };
  packageNames().forEach(link);
  const own = join(modules, 'letsping-temporal');
  for (const part of ['package.json', 'dist'])
    cpSync(join(ROOT, part), join(own, part), { recursive: true, filter: isCode });
  return {
    folder,
    copy(name, { into = '', version } = {}) {
      const target = join(folder, into, 'node_modules', name);
      rmSync(target, { recursive: true, force: true });
      cpSync(realpathSync(join(INSTALLED, name)), target, { recursive: true, filter: isCode });
      if (version !== undefined) {
        const manifest = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'));
        writeFileSync(join(target, 'package.json'), JSON.stringify({ ...manifest, version }));
      }
      return target;
    },
    link,
    folderOf: (name) => realpathSync(join(modules, name)),
    write(path, text) {
      writeFileSync(join(folder, path), text);
      return join(folder, path);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const isCode = (path: string) => !/\.(map|d\.[cm]?ts)$/.test(path);

const packageNames = () =>
  readdirSync(INSTALLED)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(INSTALLED, name)).map((one) => `${name}/${one}`) : [name],
    );
