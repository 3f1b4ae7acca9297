import type { Parsers, ShellNode } from '../domain/firewall/parsers.ts';

let loaded: Promise<Parsers> | undefined;

/** The parsers of the firewall, loaded on first use and shared: a fifth of a second, 20 MB. */
export const loadParsers = (): Promise<Parsers> => (loaded ??= load());

async function load(): Promise<Parsers> {
  const [sql, shell] = await Promise.all([import('libpg-query'), import('unbash')]);
  await sql.loadModule();
  return {
    sql: (text) => sql.parseSync(text),
    shell: { parse: (text) => shell.parse(text) as ShellNode, children: (node) => childrenOf(shell, node) },
  };
}

function childrenOf(shell: typeof import('unbash'), node: ShellNode): ShellNode[] {
  const children: ShellNode[] = [];
  shell.forEachChild(node as never, (child: unknown) => {
    children.push(child as ShellNode);
  });
  return children;
}
