import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { z } from 'zod/v4';
import { Action, ActionContext } from '../../contracts/action.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { parseGuarded } from '../../domain/json/guard.ts';
import { pointerOf } from '../../domain/json/pointer.ts';
import { UsageError } from '../command.ts';

const Name = z.union([z.string().max(1_000), z.number().transform(String)]);

/** One action of a file. Other members are ignored. */
const ActionLine = z.object({
  id: Name.optional(),
  ...Action.shape,
  context: z.object(ActionContext.shape).optional(),
  session: Name.optional(),
  step: z.number().optional(),
});

export interface ActionToJudge {
  id: string;
  action: Action;
  context: ActionContext;
  session: string | undefined;
  step: number | undefined;
  /** Why the API would refuse this payload, and where: a duplicate key, a number that does not fit a double. */
  refused: { pointer: string; reason: string } | undefined;
}

/** A parsed line, or why it is invalid. Lines count from 1. */
export type ReadLine = { line: number } & ({ read: ActionToJudge } | { reason: string });

/** The API's limit for one action, with room for ignored members. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;
const IN_PAYLOAD = /^\/payload(?=\/|$)/;
const NEWLINE = 0x0a;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The actions of a JSONL file, `-` being the standard input; empty lines are skipped. @throws UsageError if it cannot be read. */
export async function* actionLines(file: string): AsyncGenerator<ReadLine> {
  const stream = file === '-' ? process.stdin : createReadStream(file);
  try {
    let line = 0;
    for await (const bytes of linesOf(stream)) {
      line += 1;
      if (bytes === 'too_long') yield { line, reason: `is longer than ${MAX_LINE_BYTES / 1024 / 1024} MB` };
      else if (bytes.length > 0) {
        const answer = readLine(bytes, line);
        if (answer) yield { line, ...answer };
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new UsageError(`${file === '-' ? 'the standard input' : file} cannot be read: ${(error as Error).message}`);
  }
}

function readLine(bytes: Buffer, line: number): { read: ActionToJudge } | { reason: string } | undefined {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { reason: 'is not UTF-8' };
  }
  if (text.trim() === '') return undefined;
  const guarded = parseGuarded(text);
  const refused = guarded.ok || guarded.code === 'not_json' || !IN_PAYLOAD.test(guarded.pointer) ? undefined : guarded;
  if (!guarded.ok && !refused)
    return { reason: `${guarded.reason.replace(/^The body/, 'it')}${guarded.pointer && ` (at ${guarded.pointer})`}` };
  const value = (guarded.ok ? guarded.value : JSON.parse(text)) as { payload: JsonObject };
  const parsed = ActionLine.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return {
      reason: `${pointerOf(issue?.path ?? []) || 'it'}: ${issue?.message ?? 'is not an action'}`,
    };
  }
  const { id = String(line), service, action, context = {}, session, step } = parsed.data;
  return {
    read: {
      id,
      action: { service, action, payload: value.payload },
      context,
      session,
      step,
      refused: refused && { pointer: refused.pointer.replace(IN_PAYLOAD, ''), reason: refused.reason },
    },
  };
}

/** Lines as bytes, without their newline; `too_long` instead of a line over the limit. */
async function* linesOf(stream: Readable): AsyncGenerator<Buffer | 'too_long'> {
  let parts: Buffer[] = [];
  let length = 0;
  const taken = () => {
    const whole =
      length > MAX_LINE_BYTES ? ('too_long' as const) : parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    parts = [];
    length = 0;
    return whole;
  };
  const add = (part: Buffer) => {
    length += part.length;
    if (length > MAX_LINE_BYTES) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      add(bytes.subarray(from, at));
      yield taken();
      from = at + 1;
    }
    add(bytes.subarray(from));
  }
  if (length > 0) yield taken();
}
