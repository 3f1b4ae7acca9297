import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { environment, type Lab, type PackageName } from './lab.ts';
import { copyConsumer } from './project.ts';
import { mustRun } from './run-program.ts';

/**
 * Compiles consumers in a project, as an application would. Resolves to the folder of their JavaScript. CommonJS is not checked here,
 * because LangGraph's types for `import` and `require` differ; `consumers/langgraph-commonjs.ts` is.
 */
export async function compileConsumers(
  lab: Lab,
  project: string,
  name: PackageName,
  consumers: readonly string[],
  type: 'module' | 'commonjs' = 'module',
): Promise<string> {
  const folder = join(project, `app-${name}-${type}`);
  await mkdir(folder, { recursive: true });
  for (const consumer of consumers) await copyConsumer(consumer, name, folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type }));
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    skipLibCheck: true,
    types: ['node'],
    noCheck: type === 'commonjs',
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  await mustRun(process.execPath, [await lab.tsc('7'), '--project', folder, '--pretty', 'false'], {
    cwd: project,
    env: environment(),
  });
  return folder;
}
