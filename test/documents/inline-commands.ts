import type { Block, InlineCode } from './read.ts';
import { type Command, commandsOf, commandsOfScript, wordsOf } from './words.ts';

/** The first word of what a reader types: a program, a path below the repository, or a subcommand of letsping. */
const PROGRAM = /^\.{0,2}\/?[a-z][\w-]*(?:[./][\w.-]+)*$/;

/** Options in brackets, and the choice between two of them, as usages write them. */
const withoutBrackets = (text: string): string =>
  text.replace(/\[(-{1,2}\w[^\]]*|[A-Z]+ …)\]/g, '$1').replace(/ …(?= |$)/g, '');

/** Of TypeScript: `new LetsPing()` is no command. */
const KEYWORDS = new Set(['await', 'const', 'export', 'function', 'import', 'new', 'return', 'throw', 'typeof']);

/** A name of a program with at least one more word is a command; `GET /api/events`, `untrusted: true` and `x = 1` are none. */
export const isCommand = (text: string): boolean => {
  const [{ words, assignments } = { words: [], assignments: [] }] = commandsOf(text);
  return (
    PROGRAM.test(words[0] ?? '') &&
    !KEYWORDS.has(words[0]!) &&
    words.length + assignments.length > 1 &&
    words[1] !== '='
  );
};

/** Half a command, which a reader would have to complete: `… -- show ID`, `-- --full`. */
export const isFragment = (text: string): boolean => /^(?:…|--) /.test(text);

/** A statement of SQL, which PostgreSQL's parser checks. */
export const isSql = (text: string): boolean =>
  /^(?:create|alter|drop|grant|revoke|select|insert|update|delete) .*;$/i.test(text);

/** The commands of inline code; none if it is no command. */
export const commandsOfInline = ({ text }: InlineCode): Command[] =>
  isCommand(text) && !isSql(text) ? commandsOf(withoutBrackets(text)) : [];

/** Of a block that is not run; its commands are checked nevertheless. */
export const commandsOfBlock = (block: Block): Command[] =>
  /^(?:sh|bash)$/.test(block.language)
    ? commandsOfScript(block.text).map(({ words, ...rest }) => ({
        ...rest,
        words: wordsOf(withoutBrackets(words.join(' '))),
      }))
    : [];

/** Lines of a `text` block, which no test runs, that begin with one of these programs. */
export const hiddenCommands = ({ text }: Block, programs: string[]): string[] =>
  text.split('\n').filter((line) => programs.includes(/^\s*[$>]?\s*([\w-]+) \S/.exec(line)?.[1] ?? ''));
