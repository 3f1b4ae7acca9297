import { readFileSync } from 'node:fs';
import { parseGuarded } from '../domain/json/guard.ts';
import { UsageError } from './command.ts';

/** Text of a file; `-` is the standard input. @throws UsageError when there is none. */
export function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file === '-' ? 'the standard input' : file} cannot be read: ${(error as Error).message}`);
  }
}

/** A JSON file that says the same to every parser. @throws UsageError that names the place. */
export function readJsonFile(file: string): unknown {
  const parsed = parseGuarded(readText(file));
  if (parsed.ok) return parsed.value;
  const reason = parsed.reason.replace(/^The body/, file === '-' ? 'the standard input' : file);
  throw new UsageError(parsed.pointer ? `${reason} (at ${parsed.pointer})` : reason);
}

/** The same for a file that has to hold an object. */
export function readObjectFile(file: string): Record<string, unknown> {
  const value = readJsonFile(file);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UsageError(`${file === '-' ? 'the standard input' : file} holds no JSON object`);
}
