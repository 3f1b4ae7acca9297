import { repositoryFiles } from '../helpers/repository-files.ts';

/** A fenced code block of a document. */
export interface Block {
  document: string;
  /** Line of the opening fence. */
  line: number;
  language: string;
  /** The rest of the info string, which GitHub does not show: `not-run: REASON`, or a variant such as `policy`. */
  info: string;
  /** From the HTML comment above it, which GitHub does not show: `<!-- with: lp; person: rejects -->`. */
  directives: Record<string, string>;
  text: string;
}

/** Inline code that is a command. */
export interface InlineCode {
  document: string;
  line: number;
  text: string;
}

export interface Document {
  path: string;
  blocks: Block[];
  inline: InlineCode[];
}

export const DIRECTIVES = ['with', 'person', 'request', 'prints'] as const;

const FENCE = /^(\s*)(`{3,}|~{3,})\s*(\S*)[ \t]*(.*?)\s*$/;
const COMMENT = /^\s*<!--\s*((?:with|person|request|prints)\b.*?)\s*-->\s*$/;

/** @throws Error for a member that is not known. */
function directivesOf(comment: string, where: string): Record<string, string> {
  return Object.fromEntries(
    comment.split(';').map((part) => {
      const [, name, value] = /^\s*(\w+):\s*(.+?)\s*$/.exec(part) ?? [];
      if (!(DIRECTIVES as readonly (string | undefined)[]).includes(name))
        throw new Error(`${where}: the comment above a block takes ${DIRECTIVES.join(', ')}, not ${part.trim()}`);
      return [name!, value!];
    }),
  );
}

/** Inline code of one line: between one or two backticks. */
const inlineOf = (line: string): string[] =>
  [...line.matchAll(/(?<!`)(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)/g)].map(([, , code]) => code!.trim().replaceAll('\\|', '|'));

/** @throws Error for a fence that is not closed, and for an unknown directive. */
export function readDocument(path: string, text: string): Document {
  const document: Document = { path, blocks: [], inline: [] };
  const lines = text.split('\n');
  let comment: string | undefined;
  for (let i = 0; i < lines.length; i++) {
    const fence = FENCE.exec(lines[i]!);
    if (!fence) {
      const above = COMMENT.exec(lines[i]!);
      if (above) comment = above[1];
      else {
        if (lines[i]!.trim() !== '') comment = undefined;
        for (const code of inlineOf(lines[i]!)) document.inline.push({ document: path, line: i + 1, text: code });
      }
      continue;
    }
    const [, indent, marks, language, info] = fence as unknown as [string, string, string, string, string];
    const line = i + 1;
    const body: string[] = [];
    for (i += 1; lines[i]?.trim() !== marks; i++) {
      if (i >= lines.length) throw new Error(`${path}:${line}: this block has no end`);
      body.push(lines[i]!.startsWith(indent) ? lines[i]!.slice(indent.length) : lines[i]!);
    }
    const directives = comment === undefined ? {} : directivesOf(comment, `${path}:${line}`);
    comment = undefined;
    document.blocks.push({ document: path, line, language, info, directives, text: `${body.join('\n')}\n` });
  }
  return document;
}

/** Every document of the repository. The changelog describes the past, so its commands are not checked. */
export const readDocuments = (): Document[] =>
  repositoryFiles(/\.md$/)
    .filter(({ path }) => path !== 'CHANGELOG.md')
    .map(({ path, text }) => readDocument(path, text));

/** The reason of a block that is not run. @throws Error without a reason. */
export function notRun({ document, line, info }: Block): string | undefined {
  if (!/^not-run\b/.test(info)) return undefined;
  const reason = /^not-run:\s*(\S.*\s.*\S)$/.exec(info)?.[1];
  if (reason === undefined)
    throw new Error(`${document}:${line}: not-run needs a reason: \`not-run: needs a cluster\``);
  return reason;
}
