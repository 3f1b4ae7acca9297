import { TextObject } from '../text.ts';
import { described, guardrailRule } from './rule.ts';

export const JsonSchemaRule = guardrailRule('json_schema', {
  schema: described(
    TextObject,
    'JSON Schema 2020-12 of the payload: at most 64 KB, no remote references, patterns in RE2',
  ),
});
