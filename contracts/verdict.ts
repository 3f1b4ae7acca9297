import { z } from 'zod/v4';

export const VERDICTS = ['allow', 'hold', 'block'] as const;
/** The firewall's answer to one action. People decide; the firewall allows, holds or blocks. */
export const Verdict = z.enum(VERDICTS);
export type Verdict = z.infer<typeof Verdict>;

export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export const Severity = z.enum(SEVERITIES);
export type Severity = z.infer<typeof Severity>;

/** What one guardrail reports. `evidence` may be shown to readers of the payload, and is sealed at rest. */
export const Finding = z
  .object({
    id: z.string().meta({ description: 'The guardrail and its class, as `egress/metadata`' }),
    severity: Severity,
    pointer: z.string().meta({ description: 'JSON Pointer (RFC 6901) into the payload' }),
    evidence: z.string().meta({ description: 'The typed value that fired, at most 200 characters' }),
    message: z.string().meta({ description: 'One plain sentence for the approver' }),
  })
  .meta({ id: 'Finding', title: 'Finding' });
export type Finding = z.infer<typeof Finding>;

/** Who held a request: a finding, or the policy's routing alone. Absent when nothing was held. */
export const HeldBy = z.enum(['finding', 'policy']);
export type HeldBy = z.infer<typeof HeldBy>;

/** How the screening of a patch ended: the patch counts, does not count, or counts when another person approves it too. */
export type PatchScreening = 'accepted' | 'refused' | 'second_approver';

/** The result of screening an action: the verdict after routing, and the reasons. */
export interface Screening {
  verdict: Verdict;
  findings: Finding[];
  held_by?: HeldBy;
}
