import { type SpawnOptions, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import type { LocalSystem } from '../helpers/local-system.ts';
import { REPOSITORY } from '../helpers/repository-files.ts';

/** What a reader has in `node_modules`: the package, its peers, and zod for schemas. */
const PACKAGES = ['@langchain', '@temporalio', '@types', 'zod'];

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** A reader's own project in a temporary folder, beside a running system. */
export interface Project {
  folder: string;
  /** The environment of an agent's program in it. */
  agent: NodeJS.ProcessEnv;
  /** The environment of a person's terminal in it: `letsping`, `temporal` and `npx letsping` are found. */
  terminal: NodeJS.ProcessEnv;
  remove(): void;
}

/** Runs a program to its end; after a minute it is ended. */
export function runProgram(
  command: string,
  args: string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; input?: string },
): Promise<Ran> {
  const stdio: SpawnOptions['stdio'] = [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'];
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio });
  const ran: Ran = { code: -1, stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    ran.stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    ran.stderr += chunk.toString();
  });
  child.stdin?.end(options.input);
  const timer = setTimeout(() => {
    ran.stderr += '\n(ended after a minute)';
    child.kill('SIGKILL');
  }, 60_000);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ ...ran, code: code ?? -1 });
    });
  });
}

const executable = (path: string, text: string): void => {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
};

export async function createProject(system: LocalSystem): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), 'letsping-documents-'));
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  symlinkSync(REPOSITORY, join(modules, 'letsping-temporal'));
  for (const name of PACKAGES) symlinkSync(join(REPOSITORY, 'node_modules', name), join(modules, name));
  clientPackage(modules);
  writeFileSync(join(folder, 'package.json'), '{ "name": "reader", "private": true, "type": "module" }\n');
  cpSync(join(import.meta.dirname, 'surroundings'), join(folder, 'surroundings'), { recursive: true });

  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const letsping = `#!/bin/sh\nexec '${process.execPath}' '${join(REPOSITORY, 'dist/cli/main.js')}' "$@"\n`;
  executable(join(bin, 'letsping'), letsping);
  executable(join(modules, '.bin', 'letsping'), letsping);
  if (inject('temporalBinary') !== '') symlinkSync(inject('temporalBinary'), join(bin, 'temporal'));
  // curl writes the status of each answer to stderr.
  writeFileSync(join(folder, '.curlrc'), 'write-out = "%{stderr}%{http_code}\\n"\n');

  const PATH = [bin, dirname(process.execPath), process.env['PATH']].join(':');
  const temporal = {
    TEMPORAL_ADDRESS: system.temporal_address,
    TEMPORAL_NAMESPACE: system.temporal_namespace,
  };
  return {
    folder,
    agent: {
      PATH,
      HOME: folder,
      ...temporal,
      LETSPING_BASE_URL: system.public_url,
      LETSPING_API_KEY: system.agent_api_key,
      // Of a program with access to the database, such as a resume worker.
      DATABASE_URL: system.program_env['DATABASE_URL'],
      LETSPING_ROOT_KEY: system.program_env['LETSPING_ROOT_KEY'],
      PROJECT_ID: system.project_id,
      APPROVER_KEY: system.approver_api_key,
    },
    terminal: {
      ...system.program_env,
      ...temporal,
      PATH,
      HOME: folder,
      LETSPING_DATA_DIR: system.data_dir,
      AGENT_KEY: system.agent_api_key,
      APPROVER_KEY: system.approver_api_key,
      OTHER_APPROVER_KEY: await otherApprover(system),
      // An earlier block of the page sets it.
      api: system.api_url,
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function otherApprover({ api_url, admin_api_key }: LocalSystem): Promise<string> {
  const answer = await fetch(`${api_url}/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${admin_api_key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'documents', owner: 'ben', role: 'approver' }),
  });
  return ((await answer.json()) as { api_key: string }).api_key;
}

/** The small package has the same entry as the whole one. */
function clientPackage(modules: string): void {
  const folder = join(modules, 'letsping-temporal-client');
  mkdirSync(folder);
  const entry = '../letsping-temporal/dist/client/index';
  writeFileSync(join(folder, 'index.js'), `export * from '${entry}.js';\n`);
  writeFileSync(join(folder, 'index.d.ts'), `export * from '${entry}.js';\n`);
  const exports = { '.': { types: './index.d.ts', default: './index.js' } };
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'letsping-temporal-client', type: 'module', exports }),
  );
}
