import { z } from 'zod/v4';
import { described, guardrailRule } from './rule.ts';

export const JsonSchemaRule = guardrailRule('json_schema', {
  schema: described(
    z.record(z.string(), z.unknown()),
    'JSON Schema 2020-12 of the payload: at most 64 KB, no remote references, patterns in RE2',
  ),
});
