import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { type FindingTemplate, findingOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import type { Place } from '../parsing/path.ts';
import { STATEMENT_START } from '../sql/patterns.ts';
import { template } from '../sql/rules.ts';
import { judgeSql } from '../sql/text.ts';
import { DATABASE_WORDS, PROSE_KEYS, SQL_KEYS } from '../sql/words.ts';
import { hasControl, visibleOf } from '../text/confusables.ts';
import { keyWords } from '../text/key-words.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';

type SqlRule = RuleOf<'sql'>;

const SQL_KEY = keyWords(SQL_KEYS);
const PROSE_KEY = keyWords(PROSE_KEYS);
/** A comment between two words separates them as a space does. */
const COMMENT = /\/\*[^*]{0,500}\*\//g;

/** Longer than any statement that a person can judge. The parser's tree is many times larger. */
const MAX_TEXT = 20_000;
const MAX_STATEMENTS = 200;
/** Comments nest: the parser needs time that grows with the square of how many are open. */
const MAX_COMMENTS = 200;
/**
 * The lexer reads a run of plus signs as one operator, drops all but the first, and reads the rest again: time that grows with the square
 * of the run. Two hyphens start a comment.
 */
const LONG_OPERATOR = /(?:-?\+){32}/;

const NO_PARSER = template(
  'unparsed',
  'high',
  'No SQL parser is loaded, so this statement was not read. It counts as dangerous.',
);
const CONTROLS = template(
  'unparsed',
  'high',
  'A control character in this SQL ends or changes it for some programs, so what runs is not known. It counts as dangerous.',
);
const TOO_LONG = template('unparsed', 'high', 'This SQL is longer than is read. It counts as dangerous.');

/** Statements that destroy, change every row, widen rights or leave the database, read on the database's own syntax tree. */
const sqlOf = (rule: SqlRule): Guardrail => ({
  id: 'sql',
  check(action, { parsers }) {
    const findings = new Map<string, Finding>();
    const database = [...action.words.action, ...action.words.service].some((word) => DATABASE_WORDS.has(word));
    for (const value of action.values) {
      // Every string, not only text values: a statement can be as short as a name.
      if (value.type !== 'principal_change' || typeof value.value !== 'string') continue;
      const text = visibleOf(value.value, value.classes).trim();
      if (!isSql(action, value.place, text, database)) continue;
      const add = (found: FindingTemplate): void => {
        const key = `${found.id} ${value.place.pointer}`;
        if (!findings.has(key)) findings.set(key, findingOf(found, value.place.pointer, text));
      };
      if (hasControl(value.value)) add(CONTROLS);
      if (!parsers.sql) add(NO_PARSER);
      else if (
        text.length > MAX_TEXT ||
        occurs(/;/g, text) > MAX_STATEMENTS ||
        occurs(/\/\*/g, text) > MAX_COMMENTS ||
        LONG_OPERATOR.test(text)
      )
        add(TOO_LONG);
      else judgeSql(text, parsers.sql, rule, add);
    }
    return [...findings.values()];
  },
});

const occurs = (pattern: RegExp, text: string): number => text.match(pattern)?.length ?? 0;

export const sql: GuardrailDefinition<'sql'> = {
  kind: 'sql',
  builtIn: true,
  loosens: {
    allow_verbs: 'only',
    allowed_relations: 'only',
    require_where: ['on_is_stricter', true],
    max_statements: ['most', 1],
  },
  historyWindow: noHistory,
  create: sqlOf,
};

function isSql(action: ParsedAction, place: Place, text: string, database: boolean): boolean {
  const role = action.roleAt(place.pointer);
  if (role !== undefined) return role === 'query';
  const key = place.last;
  if (key.includes('sql')) return true;
  if (database && (place.sets & SQL_KEY) !== 0) return true;
  if (!database && (place.sets & PROSE_KEY) !== 0) return false;
  if (text.length <= 7) return false;
  const head = text.slice(0, 5_000);
  return STATEMENT_START.test(head) || (head.includes('/*') && STATEMENT_START.test(head.replace(COMMENT, ' ')));
}
