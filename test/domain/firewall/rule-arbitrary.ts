import fc from 'fast-check';
import { z } from 'zod/v4';
import { type GuardrailKind, GuardrailRule, type RuleOf } from '../../../contracts/guardrails.ts';
import { Text } from '../../../contracts/text.ts';

interface JsonSchema {
  type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  allOf?: { pattern?: string }[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

/** Short valid values of a schema. A schema without a type gives an empty object. */
function valuesOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'string':
      return textsOf(schema);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 1_000_000, 100_000_000) });
    case 'number':
      return fc.double({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000_000, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 3 });
    default:
      return schema.properties === undefined ? fc.constant({}) : objectOf(schema);
  }
}

/** What every text must be, beside the patterns of its own; JSON Schema does not carry the flags of a pattern. */
const ANY_TEXT = z.toJSONSchema(Text).pattern;

function textsOf({ pattern, allOf = [], minLength = 0, maxLength = 200 }: JsonSchema): fc.Arbitrary<string> {
  const [own] = [pattern, ...allOf.map((one) => one.pattern)].filter((one) => one !== undefined && one !== ANY_TEXT);
  const texts =
    own === undefined
      ? fc.string({ minLength, maxLength: Math.min(maxLength, 20) })
      : fc.stringMatching(new RegExp(own));
  return texts.filter((text) => text.length >= minLength && text.length <= maxLength && Text.safeParse(text).success);
}

const objectOf = ({ properties = {}, required = [] }: JsonSchema): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, valuesOf(one)])), {
    requiredKeys: required,
  });

export const KINDS: readonly GuardrailKind[] = GuardrailRule.options.map(({ shape }) => shape.kind.value);

/** Any rule of a kind that its schema accepts, made from the schema: a new kind or parameter is covered at once. */
export function ruleOfKind<Kind extends GuardrailKind>(kind: Kind): fc.Arbitrary<RuleOf<Kind>> {
  const schema = GuardrailRule.options.find(({ shape }) => shape.kind.value === kind)!;
  return objectOf(z.toJSONSchema(schema) as JsonSchema).map((rule) => schema.parse(rule) as RuleOf<Kind>);
}
