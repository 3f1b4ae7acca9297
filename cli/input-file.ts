import { readFileSync } from 'node:fs';
import { isObject } from '../contracts/is-object.ts';
import { parseGuarded } from '../domain/json/guard.ts';
import { UsageError } from './command.ts';

/** Text of a file; `-` is the standard input. @throws UsageError if it cannot be read. */
export function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file === '-' ? 'the standard input' : file} cannot be read: ${(error as Error).message}`);
  }
}

/** A JSON file that every parser reads the same way. @throws UsageError that names the place. */
export function readJsonFile(file: string): unknown {
  const parsed = parseGuarded(readText(file));
  if (parsed.ok) return parsed.value;
  const reason = parsed.reason.replace(/^The body/, file === '-' ? 'the standard input' : file);
  throw new UsageError(parsed.pointer ? `${reason} (at ${parsed.pointer})` : reason);
}

/** The same for a file that must contain an object. */
export function readObjectFile(file: string): Record<string, unknown> {
  const value = readJsonFile(file);
  if (isObject(value)) return value;
  throw new UsageError(`${file === '-' ? 'the standard input' : file} does not contain a JSON object`);
}
