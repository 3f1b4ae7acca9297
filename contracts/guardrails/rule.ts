import { z } from 'zod/v4';
import { Text } from '../text.ts';
import { Severity } from '../verdict.ts';

/** `*` matches everything; `crm-*` a prefix; anything else the whole name. */
export const NamePattern = Text.min(1)
  .max(200)
  .regex(/^(\*|[^*]+\*?)$/, 'a name, a prefix ending in *, or *');

/** As `NamePattern`; a leading `*` also matches the middle and the end of a name: `*refund*` matches `create_refund`. */
const RulePattern = Text.min(1)
  .max(200)
  .regex(/^(\*|\*?[^*]+\*?)$/, 'a name, a part of one with * before, after or around it, or *');

export const described = <Schema extends z.ZodType>(schema: Schema, description: string): Schema =>
  schema.meta({ description });

export const texts = (most: number, longest: number, description: string) =>
  z.array(Text.min(1).max(longest)).max(most).optional().meta({ description });

export const Pointer = Text.max(1_000).regex(/^(?:\/(?:[^~/]|~[01])*)*$/, 'a JSON Pointer (RFC 6901)');

export const Pointers = z.array(Pointer).max(100).optional();

export const Minor = z.int().min(0);

/** Seconds, at most a year. */
export const Window = z
  .int()
  .min(1)
  .max(366 * 24 * 3_600);

/** Which actions a guardrail judges. */
export const AppliesTo = z.strictObject({ service: RulePattern.optional(), action: RulePattern.optional() });

const common = {
  id: Text.regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'lower-case letters, digits, - and _')
    .optional()
    .meta({ description: 'Replaces the kind in the ids of its findings. Default: the kind' }),
  enabled: described(
    z.boolean().optional(),
    'Default true. False also switches off the built-in guardrail of this kind where this one applies',
  ),
  applies_to: described(
    z.array(AppliesTo).min(1).max(100).optional(),
    'Services and actions that it judges. Default: all',
  ),
  severity: described(Severity.optional(), 'Severity of its findings. Default: that of each finding'),
  verdict: described(
    z.enum(['hold', 'block']).optional(),
    'Verdict when it finds something. Default: by the severity of the finding',
  ),
};

/** The schema of one kind: the members that every kind has, and its own parameters. */
export const guardrailRule = <Kind extends string, Parameters extends z.ZodRawShape>(
  kind: Kind,
  parameters: Parameters,
) => z.strictObject({ kind: z.literal(kind), ...common, ...parameters });
