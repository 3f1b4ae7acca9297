#!/usr/bin/env node
/** `npm run bench -- NAME [options]`: one benchmark, its table on stdout. */
const BENCHES: Record<string, () => Promise<{ run(args: string[]): Promise<void> }>> = {
  approvals: () => import('./approvals/index.ts'),
  start: () => import('./start/index.ts'),
  sealing: () => import('./sealing.ts'),
  schemas: () => import('./schemas/index.ts'),
  'firewall-quality': () => import('./firewall-quality.ts'),
  'firewall-speed': () => import('./firewall-speed.ts'),
  'firewall-worst': () => import('./firewall-worst.ts'),
  'firewall-fuzz': () => import('./firewall-fuzz.ts'),
  'firewall-metamorphic': () => import('./firewall-metamorphic.ts'),
};

const [name, ...args] = process.argv.slice(2);
const bench = name === undefined ? undefined : BENCHES[name];
if (!bench) {
  console.error(
    `usage: bench NAME\n${Object.keys(BENCHES)
      .map((one) => `  ${one}`)
      .join('\n')}`,
  );
  process.exitCode = 2;
} else {
  await (await bench()).run(args).catch((error: NodeJS.ErrnoException) => {
    if (!error.code?.startsWith('ERR_PARSE_ARGS')) throw error;
    console.error(`${error.message}\nbench/README.md has the options of each bench.`);
    process.exitCode = 2;
  });
}
