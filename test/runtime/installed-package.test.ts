import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { installedPackage, isInRange, ownPackage } from '../../runtime/installed-package.ts';

const manifest = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8'));

test('versions are compared by numbers', () => {
  for (const [version, range, expected] of [
    ['1.7.1', '>=1.7.1 <2', true],
    ['1.7.0', '>=1.7.1 <2', false],
    ['1.10.0', '>=1.7.1 <2', true],
    ['2.0.0', '>=1.7.1 <2', false],
    ['1.9.0', '^1.2.2', true],
    ['2.9.0', '^1.2.2', false],
    ['1.2.1', '^1.2.2', false],
    ['1.24.10', '>=1.22.0 <1.25.0', true],
    ['1.25.0-rc.1', '>=1.22.0 <1.25.0', false],
    ['1.7.2-rc.0', '>=1.7.1 <2', true],
  ] as const)
    expect(isInRange(version, range), `${version} in ${range}`).toBe(expected);
});

test('every peer range of this package can be compared, and what is installed here is in it', () => {
  const peers = Object.entries(manifest.peerDependencies as Record<string, string>);
  expect(peers.length).toBeGreaterThan(5);
  for (const [name, range] of peers) {
    const installed = installedPackage(name, import.meta.url);
    expect(installed, name).toBeDefined();
    expect(isInRange(installed!.version, range), `${name} ${installed!.version} in ${range}`).toBe(true);
  }
});

test('a range that cannot be compared is an error, not a pass', () => {
  for (const range of ['~1.2.0', '1.x', '*', '1.24.0'])
    expect(() => isInRange('1.24.0', range), range).toThrow(TypeError);
});

test("this package's manifest is found from its files, and from no other", () => {
  expect(ownPackage(import.meta.url)).toMatchObject({ peers: manifest.peerDependencies });
  expect(ownPackage('file:///nowhere/file.js')).toBeUndefined();
  expect(ownPackage('data:text/javascript,1')).toBeUndefined();
  expect(installedPackage('no-such-package-here', import.meta.url)).toBeUndefined();
});
