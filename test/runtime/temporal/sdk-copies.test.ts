import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sdkFault } from '../../../runtime/temporal/sdk-copies.ts';

/** The check reads manifests only, so these trees have nothing else. */
let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'letsping-sdk-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

const NAMES = ['worker', 'workflow', 'activity', 'client', 'common'];
const { peerDependencies } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../../package.json'), 'utf8'));

const manifest = (at: string, content: object) => {
  mkdirSync(join(folder, at), { recursive: true });
  writeFileSync(join(folder, at, 'package.json'), JSON.stringify(content));
};
const sdkPackage = (at: string, name: string, version: string) =>
  manifest(`${at}/node_modules/@temporalio/${name}`, {
    name: `@temporalio/${name}`,
    version,
    dependencies: Object.fromEntries(NAMES.filter((one) => one !== name).map((one) => [`@temporalio/${one}`, version])),
  });
const OWN = 'app/node_modules/letsping-temporal';
/** A project with one SDK; returns the URL of the file whose resolution is checked. */
function project(version = '1.24.0', own = OWN, name = 'letsping-temporal'): string {
  for (const one of NAMES) sdkPackage('app', one, version);
  manifest(own, { name, peerDependencies });
  manifest(`${own}/dist/runtime`, {});
  const file = join(folder, own, 'dist/runtime/check.js');
  writeFileSync(file, '');
  return pathToFileURL(file).href;
}

test('one copy in the range is accepted, oldest and newest', () => {
  for (const version of ['1.22.0', '1.23.4', '1.24.9']) expect(sdkFault(project(version)), version).toBeUndefined();
});

test('a version outside the range is refused, with range, version and folder', () => {
  for (const version of ['1.21.9', '1.25.0', '2.0.0', '0.99.99']) {
    const fault = sdkFault(project(version));
    expect(fault?.code, version).toBe('LETSPING_UNSUPPORTED_VERSION');
    expect(fault?.message).toBe(
      `letsping-temporal works with @temporalio/worker ${peerDependencies['@temporalio/worker']}, but version ${version} is installed in ${folder}/app/node_modules/@temporalio/worker: install a version of that range`,
    );
  }
});

test('one package of another version than the others is refused as well', () => {
  const file = project();
  sdkPackage('app', 'common', '1.20.0');
  expect(sdkFault(file)).toMatchObject({
    code: 'LETSPING_UNSUPPORTED_VERSION',
    message: expect.stringContaining('@temporalio/common'),
  });
});

for (const name of NAMES.filter((one) => one !== 'worker'))
  test(`a second copy of ${name} under the worker is refused, of the same version too`, () => {
    const file = project();
    sdkPackage('app/node_modules/@temporalio/worker', name, '1.24.0');
    const fault = sdkFault(file);
    expect(fault?.code).toBe('LETSPING_TWO_COPIES');
    expect(fault?.message).toBe(
      `two copies of @temporalio/${name} would work together: letsping-temporal loads 1.24.0 from ${folder}/app/node_modules/@temporalio/${name}, and @temporalio/worker loads 1.24.0 from ${folder}/app/node_modules/@temporalio/worker/node_modules/@temporalio/${name}; install one for both (npm ls @temporalio/${name})`,
    );
  });

test('a package of the SDK below ours is a second copy to the worker beside us', () => {
  const file = project();
  sdkPackage(OWN, 'workflow', '1.24.0');
  expect(sdkFault(file)).toMatchObject({
    code: 'LETSPING_TWO_COPIES',
    message: expect.stringMatching(/two copies of @temporalio\/workflow .*letsping-temporal\/node_modules/),
  });
});

test('a whole SDK below ours is one copy: nothing of the other one works with us', () => {
  const file = project('1.19.0');
  for (const name of NAMES) sdkPackage(OWN, name, '1.24.0');
  expect(sdkFault(file)).toBeUndefined();
});

test('a bundled program is not refused for what lies beside it', () => {
  expect(sdkFault(project('1.19.0', 'app/node_modules/acme-bundle', 'acme-bundle'))).toBeUndefined();
});

test('the small package is checked as well, and this repository passes', () => {
  const own = 'app/node_modules/letsping-temporal-langgraph';
  expect(sdkFault(project('1.19.0', own, 'letsping-temporal-langgraph'))?.code).toBe('LETSPING_UNSUPPORTED_VERSION');
  expect(sdkFault()).toBeUndefined();
});
