import type { ParsedAction } from '../parsing/parsed-action.ts';
import { ARGUMENT_KEYS, PROGRAM_KEYS, TOOLS, VECTOR_KEYS } from './words.ts';

/** A command line that is split into several members or items, and its place. */
export interface SplitCommand {
  pointer: string;
  text: string;
}

const MAX_KEY = 10;
const MOST = 50;
const MOST_ITEMS = 200;

/**
 * `{ program: 'rm', args: ['-rf', '/'] }`, `{ argv: ['bash', '-c', …] }`, and the arguments of an action that is named
 * after its program.
 */
export function splitCommands(action: ParsedAction): SplitCommand[] {
  const found: SplitCommand[] = [];
  const seen = new Set<object>();
  for (const { type, place } of action.values) {
    if (type !== 'principal_change' || !place.owner || place.via.length > 0 || seen.has(place.owner)) continue;
    seen.add(place.owner);
    const members = membersOf(place.owner);
    const program = members.find(([key, value]) => PROGRAM_KEYS.has(key.toLowerCase()) && isName(value));
    const given = members.find(([key, value]) => ARGUMENT_KEYS.has(key.toLowerCase()) && lineOf(value) !== undefined);
    const vector = members.find(
      ([key, value]) => VECTOR_KEYS.has(key.toLowerCase()) && Array.isArray(value) && value.length > 1,
    );
    const tool = place.owner === action.payload ? toolOf(action) : undefined;
    const text =
      given && (program ?? tool)
        ? `${program ? String(program[1]) : tool} ${lineOf(given[1])}`
        : vector && lineOf(vector[1]);
    if (text !== undefined && text.length > 1) found.push({ pointer: place.pointer, text });
    if (found.length >= MOST) break;
  }
  return found;
}

/** The items that may be part of a command, at any position. */
function membersOf(owner: Readonly<Record<string, unknown>>): [key: string, value: unknown][] {
  const members: [string, unknown][] = [];
  for (const key of Object.keys(owner))
    if (
      key.length <= MAX_KEY &&
      (PROGRAM_KEYS.has(key.toLowerCase()) ||
        ARGUMENT_KEYS.has(key.toLowerCase()) ||
        VECTOR_KEYS.has(key.toLowerCase()))
    )
      members.push([key, owner[key]]);
  return members;
}

const isName = (value: unknown): boolean => typeof value === 'string' && /^[\w./+-]{1,200}$/.test(value);

const toolOf = ({ action, service }: ParsedAction): string | undefined =>
  [action, service].find((name) => TOOLS.has(name.toLowerCase()))?.toLowerCase();

/** Arguments as one line: a text unchanged, list items quoted. */
function lineOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value) || value.length > MOST_ITEMS || !value.every((item) => typeof item === 'string'))
    return undefined;
  return value
    .map((item: string) => (/^[\w./:=@%+,-]+$/.test(item) ? item : `'${item.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
