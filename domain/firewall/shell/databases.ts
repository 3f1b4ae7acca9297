import type { FindingTemplate } from '../finding.ts';
import { judgeSql } from '../sql/text.ts';
import { template } from './findings.ts';
import { DESTROYING_DOCUMENT_CALL, DESTROYING_SQL } from './patterns.ts';
import type { ShellCommand, ShellWord } from './script.ts';
import { DATABASE_CLIENTS, DOCUMENT_CLIENTS } from './words.ts';

const HARM: FindingTemplate = template(
  'database',
  'high',
  'This command gives a database a statement that destroys or hands over.',
);

/** Statements that a database client gets on its command line or as input. */
export function judgeDatabase(
  name: string,
  words: readonly ShellWord[],
  command: ShellCommand,
  sql: ((text: string) => unknown) | undefined,
): FindingTemplate | undefined {
  const documents = DOCUMENT_CLIENTS.has(name);
  if (!documents && !DATABASE_CLIENTS.has(name)) return undefined;
  const texts = statementsOf(name, words);
  if (command.input !== undefined) texts.push(command.input);
  return texts.some((text) => (documents ? DESTROYING_DOCUMENT_CALL.test(text) : isHarmful(text, sql)))
    ? HARM
    : undefined;
}

function statementsOf(name: string, words: readonly ShellWord[]): string[] {
  const all = words.map((word) => word.text);
  const texts: string[] = [];
  for (let at = 1; at < all.length; at += 1) {
    const word = all[at] ?? '';
    const joined =
      /^--(?:command|execute|query|eval)=([\s\S]*)$/.exec(word)?.[1] ?? /^-[ceqQ](\S[\s\S]*)$/.exec(word)?.[1];
    if (joined !== undefined) texts.push(joined);
    else if (/^(?:-c|-e|-q|-Q|--command|--execute|--query|--eval)$/.test(word)) texts.push(all[at + 1] ?? '');
    else if (/^(?:sqlite3?|duckdb)$/.test(name) && at > 1 && /\s/.test(word)) texts.push(word);
  }
  return texts;
}

function isHarmful(text: string, sql: ((text: string) => unknown) | undefined): boolean {
  if (DESTROYING_SQL.test(text)) return true;
  if (!sql || text.length > 5_000 || /^\s*[\\.]/.test(text)) return false;
  let harmful = false;
  judgeSql(text, sql, { max_statements: 200 }, ({ id }) => {
    if (id !== 'sql/unparsed') harmful = true;
  });
  return harmful;
}
