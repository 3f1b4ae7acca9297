import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { LocalSystem } from '../helpers/local-system.ts';
import type { People, Request } from './person.ts';
import { type Project, type Ran, runProgram } from './project.ts';
import type { Block } from './read.ts';
import { isTypeScript, runTypeScript } from './typescript.ts';
import { commandsOfScript } from './words.ts';

export interface Surroundings {
  system: LocalSystem;
  project: Project;
  people: People;
  /** An interpreter with the published Python client; undefined where Python is missing. */
  python: { command: string; path: string } | undefined;
}

/** The address that the documents write is that of the running system. */
export const atSystem = (text: string, system: LocalSystem): string =>
  text.replaceAll('http://127.0.0.1:4400', system.public_url);

/** What the elisions of a command stand for: a fresh request. */
export const filledIn = (text: string, { id, payload_digest, digest_salt }: Request): string =>
  text.replaceAll('req_…', id).replaceAll('sha256:…', payload_digest).replaceAll('--salt …', `--salt ${digest_salt}`);

/** `…` in an expectation stands for any text. */
const pattern = (expected: string): RegExp =>
  new RegExp(
    expected
      .split('…')
      .map((part) => part.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*'),
  );

/** Lines that a block promises: the directive `prints` (alternated by ` | `), and comments `// prints TEXT`, `# prints TEXT`. */
function missingOutput({ text, directives }: Block, output: string): string[] {
  const shown = [...text.matchAll(/(?:\/\/|#) prints (.+)$/gm)].map(([, line]) => line!);
  const hidden = directives['prints']?.split(' | ') ?? [];
  return [...shown, ...hidden].filter((expected) => !pattern(expected).test(output));
}

/** Comments `# 201 { "id": … }` below a curl: the status, and the names of members in its answer. */
function missingAnswers({ text }: Block, { stdout, stderr }: Ran): string[] {
  return [...text.matchAll(/^# (\d{3})\b(.*)$/gm)].flatMap(([, status, members]) => [
    ...(new RegExp(`^${status}$`, 'm').test(stderr) ? [] : [`status ${status}`]),
    ...[...members!.matchAll(/"(\w+)":/g)].map(([, name]) => `"${name}"`).filter((name) => !stdout.includes(name)),
  ]);
}

function expectSuccess(block: Block, ran: Ran): void {
  const missing = [...missingOutput(block, `${ran.stdout}\n${ran.stderr}`), ...missingAnswers(block, ran)];
  if (ran.code === 0 && missing.length === 0) return;
  const why = ran.code === 0 ? `it did not print ${missing.join(', ')}` : `it ended with ${ran.code}`;
  throw new Error(`${block.document}:${block.line}: ${why}\n${ran.stdout}\n${ran.stderr}`);
}

/** Programs that a shell block needs and this machine does not have. */
export function missingPrograms(block: Block, { project, python }: Surroundings): string[] {
  if (block.language === 'python') return python ? [] : ['the published Python client'];
  if (RUNNERS[block.language] !== runShell) return [];
  const programs = new Set(commandsOfScript(block.text).map(({ words }) => words[0]!));
  const found = (name: string) =>
    spawnSync('bash', ['-c', 'command -v "$0"', name], { env: project.terminal, stdio: 'ignore' }).status === 0;
  return [...programs].filter((name) => /^[a-z][\w-]*$/.test(name) && !found(name));
}

/** A file for a command that reads one, and the request that it is about. */
async function runShell(block: Block, { system, project, people }: Surroundings): Promise<void> {
  const request = await people.open(block.directives['request']);
  writeFileSync(join(project.folder, 'payload.json'), JSON.stringify(request.payload));
  writeFileSync(
    join(project.folder, 'actions.jsonl'),
    `${JSON.stringify({ service: 'docs', action: 'read', payload: {} })}\n`,
  );
  const env = { ...project.terminal, id: request.id, digest: request.payload_digest, salt: request.digest_salt };
  const script = filledIn(atSystem(block.text, system), request);
  const shell = ['-euo', 'pipefail', '-c', script];
  expectSuccess(block, await runProgram('bash', shell, { cwd: project.folder, env }));
}

async function runPython(block: Block, { system, project, people, python }: Surroundings): Promise<void> {
  const source = `import os\napi_key = os.environ["LETSPING_API_KEY"]\n${atSystem(block.text, system)}`;
  const env = { ...project.agent, PYTHONPATH: python!.path };
  const options = { cwd: project.folder, env };
  const ran = await people.while(block.directives['person'], () =>
    runProgram(python!.command, ['-c', source], options),
  );
  expectSuccess(block, ran);
}

/** In a transaction that is rolled back. */
async function runSql({ text }: Block, { system }: Surroundings): Promise<void> {
  const client = new pg.Client({ connectionString: system.database_url });
  await client.connect();
  try {
    await client.query(`begin;\n${text};\nrollback`);
  } finally {
    await client.end();
  }
}

/** A policy, or actions for `letsping policy test`. */
async function runPolicyCommand(block: Block, command: 'check' | 'test', { project }: Surroundings): Promise<void> {
  const file = join(project.folder, `${command}.txt`);
  writeFileSync(file, block.text);
  const options = { cwd: project.folder, env: project.terminal };
  expectSuccess(block, await runProgram(join('bin', 'letsping'), ['policy', command, file], options));
}

const RUNNERS: Record<string, (block: Block, surroundings: Surroundings) => Promise<void>> = {
  sh: runShell,
  bash: runShell,
  python: runPython,
  sql: runSql,
  yaml: (block, surroundings) => runPolicyCommand(block, 'check', surroundings),
  jsonl: (block, surroundings) => runPolicyCommand(block, 'test', surroundings),
  json: async ({ text }) => void JSON.parse(text),
};

/** Runs a block. @throws Error if it fails, or if nothing can run its language. */
export async function runBlock(block: Block, surroundings: Surroundings): Promise<void> {
  if (isTypeScript(block)) {
    const { people, project } = surroundings;
    return expectSuccess(block, await people.while(block.directives['person'], () => runTypeScript(project, block)));
  }
  const run = RUNNERS[block.language];
  if (!run) {
    throw new Error(
      `${block.document}:${block.line}: nothing runs a block of ${block.language || 'no language'}. Use ${Object.keys(RUNNERS).join(', ')}, ts, or text for what is no code; or mark it: \`${block.language || 'sh'} not-run: REASON\``,
    );
  }
  await run(block, surroundings);
}
