import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { GuardrailKind } from '../../../contracts/guardrails.ts';
import { Policy } from '../../../contracts/policy.ts';
import { FINDING_NAMES, SCREENING_FINDINGS } from '../../../domain/firewall/finding-names.ts';
import { NO_PARSERS } from '../../../domain/firewall/parsing/parsers.ts';
import { policyProblems } from '../../../domain/firewall/policy-problems.ts';
import { REPOSITORY } from '../../helpers/repository-files.ts';

const FIREWALL = join(REPOSITORY, 'domain/firewall');
const sources = readdirSync(FIREWALL, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && path !== 'finding-names.ts')
  .map((path) => readFileSync(join(FIREWALL, path), 'utf8'))
  .join('\n');

test('every listed name is one that the firewall reports', () => {
  const contracts = readFileSync(join(REPOSITORY, 'contracts/guardrails/pii-scanner.ts'), 'utf8');
  const unused = [...new Set([...Object.values(FINDING_NAMES).flat(), ...SCREENING_FINDINGS])].filter(
    (name) => !new RegExp(`'${name}'|\\b${name}: `).test(sources) && !contracts.includes(`'${name}'`),
  );
  expect(unused).toEqual([]);
});

describe('a block that would block nothing', () => {
  const problems = (block: string[], more: object = {}) =>
    policyProblems(
      Policy.parse({ routes: [{ service: 'crm', routing: 'review_all', block }], ...more }),
      NO_PARSERS,
    ).map(({ pointer, reason }) => `${pointer} ${reason}`);
  const cap = { kind: 'cost_guard', max_bytes: 10 };

  test.each([
    ['egres', {}],
    ['egress/metdata', {}],
    ['egress/', {}],
    ['egress/metadata/x', {}],
    ['Egress', {}],
    ['/', {}],
    ['cost_guard', {}],
    ['cost_guard', { guardrails: [{ ...cap, id: 'size' }] }],
    ['size/over', { guardrails: [{ ...cap, id: 'size' }] }],
    ['velocity_limit/unlisted', { guardrails: [{ kind: 'velocity_limit', max: 1, window_s: 1, key: 'project' }] }],
  ])('%j is refused at its place', (name, more) => {
    expect(problems([name], more)).toEqual([expect.stringMatching(/^\/routes\/0\/block\/0 .*block nothing/)]);
  });

  test('names of kinds, of findings, of rules with an id, of packs, and of the screening itself are taken', () => {
    const kinds: GuardrailKind[] = ['egress', 'sql', 'flow', 'prompt_injection'];
    const all = kinds.flatMap((kind) => [kind, ...FINDING_NAMES[kind].map((name) => `${kind}/${name}`)]);
    expect(problems([...all, ...SCREENING_FINDINGS])).toEqual([]);
    expect(problems(['size', 'size/too_large'], { guardrails: [{ ...cap, id: 'size' }] })).toEqual([]);
    expect(problems(['money/over_limit'], { guardrails: [{ kind: 'money', per_call: 1 }] })).toEqual([]);
  });
});
