import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod/v4';
import { Policy } from '../../contracts/policy.ts';
import { policyProblems } from '../../domain/firewall/policy-problems.ts';
import { parseGuarded } from '../../domain/json/guard.ts';
import { keysOf, pointerOf } from '../../domain/json/pointer.ts';

import { loadParsers } from '../../runtime/parsers.ts';
import { UsageError } from '../command.ts';
import { readText } from '../input-file.ts';
import { visible } from '../text.ts';

/** An error in a policy file, and its place. Lines and columns count from 1. */
export interface FileProblem {
  pointer: string;
  line?: number;
  column?: number;
  message: string;
}

/** A parsed policy file: the policy, or all errors. `place` returns the line of a pointer. */
export type PolicyFile =
  | { ok: true; policy: Policy; place(path: readonly PropertyKey[]): Pick<FileProblem, 'line' | 'column'> }
  | { ok: false; problems: FileProblem[] };

type Path = readonly PropertyKey[];
type Document = ReturnType<typeof parseDocument>;

/** @throws UsageError if the file cannot be read. */
export function readPolicyFile(file: string): PolicyFile {
  const text = readText(file);
  return policyFileOf(text, file.endsWith('.json') || text.trimStart().startsWith('{'));
}

/** Parses JSON, with the guard of request bodies, or YAML 1.2 limited to JSON's values. */
function policyFileOf(text: string, isJson: boolean): PolicyFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, merge: false });
  const at = (offset: number | undefined) => {
    if (offset === undefined) return {};
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (isJson) {
    const guarded = parseGuarded(text);
    if (!guarded.ok) {
      const { pointer, reason } = guarded;
      const place = at(document.errors[0]?.pos[0] ?? offsetOf(document, keysOf(pointer)));
      return { ok: false, problems: [{ pointer, ...place, message: ofTheFile(reason) }] };
    }
  } else {
    const broken = [...document.errors, ...document.warnings];
    if (broken.length > 0)
      return { ok: false, problems: broken.map(({ message, pos }) => ({ pointer: '', ...at(pos[0]), message })) };
  }
  const value = asJson(document);
  if ('problem' in value) return { ok: false, problems: [value.problem] };
  const place = (path: Path) => at(offsetOf(document, path));
  const parsed = Policy.safeParse(value.json);
  if (parsed.success) return { ok: true, policy: parsed.data, place };
  const problems = parsed.error.issues.flatMap((issue) =>
    problemsOf(issue).map(({ path, message }) => ({ pointer: pointerOf(path), ...place(path), message })),
  );
  return { ok: false, problems };
}

/** Errors that the schema cannot find: patterns, expressions and schemas that do not compile. */
export async function ruleProblems({ policy, place }: Extract<PolicyFile, { ok: true }>): Promise<FileProblem[]> {
  return policyProblems(policy, await loadParsers()).map(({ pointer, reason }) => ({
    pointer,
    ...place(keysOf(pointer)),
    message: reason,
  }));
}

/** A policy that parses and whose rules compile. @throws UsageError that lists all errors, in the format of compilers. */
export async function requirePolicy(file: string): Promise<Policy> {
  const read = readPolicyFile(file);
  const problems = read.ok ? await ruleProblems(read) : read.problems;
  if (read.ok && problems.length === 0) return read.policy;
  const lines = problems.map((problem) => `  ${problemLine(file, problem)}`);
  throw new UsageError([`${file} is not a valid policy`, ...lines].join('\n'));
}

/** `policy.yaml:7:12: /routes/0/routing: …` */
export const problemLine = (file: string, { pointer, line, column, message }: FileProblem): string =>
  visible(
    `${file}${line === undefined ? '' : `:${line}:${column}`}: ${pointer && `${pointer}: `}${message.replace(/\s+/g, ' ')}`,
  );

/** Each unknown member is one problem, at its own place. */
const problemsOf = (issue: z.core.$ZodIssue): { path: Path; message: string }[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({ path: [...issue.path, key], message: 'unknown member' }))
    : [{ path: issue.path, message: issue.message }];

/** Refuses YAML features that JSON does not have, so that a policy means the same in both. */
function asJson(document: Document): { json: unknown } | { problem: FileProblem } {
  try {
    const json: unknown = document.toJS({ maxAliasCount: 100 });
    const guarded = parseGuarded(JSON.stringify(json) ?? 'null');
    return guarded.ok ? { json } : { problem: { pointer: guarded.pointer, message: ofTheFile(guarded.reason) } };
  } catch (error) {
    return { problem: { pointer: '', message: (error as Error).message } };
  }
}

const ofTheFile = (reason: string): string => reason.replace(/^The body/, 'the file');

/** The place of the value at a path, or of its nearest written ancestor. */
function offsetOf(document: Document, path: Path): number | undefined {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key),
      );
      if (!pair) return offset;
      offset = startOf(pair.value) ?? startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

const startOf = (node: unknown): number | undefined => (node as Node | null | undefined)?.range?.[0];
