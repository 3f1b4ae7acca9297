import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LOCAL_CODES } from '../client/errors.ts';
import { COMMAND_CODES } from '../contracts/command-codes.ts';
import { ERROR_STATUS, PUBLISHED_CODES } from '../contracts/error-codes.ts';
import { FORGED, RESUME_FAILURES } from '../contracts/workflow.ts';
import { REFUSALS, SECOND_APPROVER } from '../domain/approval/approval.ts';
import { REPOSITORY } from './helpers/repository-files.ts';

const PAGE = readFileSync(join(REPOSITORY, 'docs/errors.md'), 'utf8');

/** Raised by the published clients alone. */
const PUBLISHED_ONLY = ['LETSPING_WEBHOOK_INVALID'];

/** Every code that a caller, an operator or a reader of a history can meet. */
const CODES = new Set<string>([
  ...Object.keys(ERROR_STATUS),
  ...PUBLISHED_CODES,
  ...PUBLISHED_ONLY,
  ...LOCAL_CODES,
  ...COMMAND_CODES,
  ...REFUSALS,
  SECOND_APPROVER,
  FORGED,
  ...RESUME_FAILURES,
]);

/** The sections whose heading is a code, with their text. */
const sectionsOf = (page: string) =>
  [...page.matchAll(/^### `(.+)`\n([\s\S]*?)(?=\n#|$(?![\s\S]))/gm)].map(([, code = '', text = '']) => ({
    code,
    text,
  }));

/** Where the page and the codes differ. */
function differences(page: string): string[] {
  const headings = sectionsOf(page).map(({ code }) => code);
  return [
    ...[...CODES].filter((code) => !headings.includes(code)).map((code) => `${code} has no section`),
    ...headings.filter((code) => !CODES.has(code)).map((code) => `${code} is not a code`),
    ...headings.filter((code, i) => headings.indexOf(code) !== i).map((code) => `${code} has two sections`),
  ];
}

test('every code has one section of docs/errors.md, and every section a code', () => {
  expect(CODES.size).toBeGreaterThan(80);
  expect(differences(PAGE)).toEqual([]);
  expect([...PAGE.matchAll(/^###/gm)]).toHaveLength(CODES.size);
});

test('a section says something, and a code of the server has its status', () => {
  for (const { code, text } of sectionsOf(PAGE)) {
    const status = (ERROR_STATUS as Record<string, number>)[code];
    expect(text.trim().length, code).toBeGreaterThan(20);
    expect(/^HTTP (\d{3})\. /.exec(text)?.[1], code).toBe(status === undefined ? undefined : String(status));
  }
});

test('the comparison finds a missing section, a code that does not exist, and a repeated one', () => {
  expect(differences(PAGE.replace('### `own_patch`', '### `own_pitch`'))).toEqual([
    'own_patch has no section',
    'own_pitch is not a code',
  ]);
  expect(differences(`${PAGE}\n### \`expired\`\nAgain.\n`)).toEqual(['expired has two sections']);
});
