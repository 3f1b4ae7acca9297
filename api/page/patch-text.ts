import type { JsonObject } from '../../contracts/json.ts';
import { patchSentences } from '../../domain/diff.ts';
import { parseGuarded } from '../../domain/json/guard.ts';
import type { Draft } from './decide-forms.ts';

export type PatchText = { ok: true; payload: JsonObject } | { ok: false; problem: string };

/** Parses the typed payload of a patch. */
export function readPatch(text: string): PatchText {
  const guarded = parseGuarded(text);
  if (!guarded.ok) {
    const where = guarded.pointer === '' ? '' : ` See ${guarded.pointer}.`;
    return { ok: false, problem: `${guarded.reason.replace('The body', 'The patch')}${where}` };
  }
  const { value } = guarded;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { ok: false, problem: 'The patch must be a JSON object.' };
  return { ok: true, payload: value as JsonObject };
}

export function previewOf(payload: JsonObject, text: string): NonNullable<Draft['preview']> {
  const patch = readPatch(text);
  return patch.ok ? { sentences: patchSentences(payload, patch.payload) } : { problem: patch.problem };
}
