import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { policy } from '../../cli/commands/policy.ts';
import { GuardrailRule } from '../../contracts/guardrails.ts';
import { Policy } from '../../contracts/policy.ts';
import { TASKS } from '../../examples/office-agents/tasks.ts';
import { run } from './run.ts';

/** Checks the examples of docs/firewall.md: which actions are stopped and which pass. */
const page = readFileSync(new URL('../../docs/firewall.md', import.meta.url), 'utf8');
const blocks = (fence: string): string[] =>
  [...page.matchAll(/^```(\S+(?: \S+)?)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === fence)
    .map(([, , text]) => text!);

const dir = mkdtempSync(join(tmpdir(), 'letsping-policy-docs-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const policyFile = file('policy.yaml', blocks('yaml')[0]!);

interface Answer {
  id: string;
  verdict: string;
  findings: { id: string; pointer: string; severity: string }[];
}
async function judged(text: string, ...args: string[]): Promise<Answer[]> {
  const { code, out, err } = await run(policy, ['test', '--json', file('actions.jsonl', text), ...args]);
  expect({ code, err }).toEqual({ code: 0, err: 'context trust: full\n' });
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}

test('the policy of the page is valid, and the page names every member, kind and parameter', async () => {
  expect(await run(policy, ['check', policyFile])).toMatchObject({ code: 0 });
  expect(Object.keys(parse(blocks('yaml')[0]!) as object).sort()).toEqual(Object.keys(Policy.shape).sort());
  const names = GuardrailRule.options.flatMap(({ shape }) => [shape.kind.value, ...Object.keys(shape)]);
  expect([...new Set(names)].filter((name) => name !== 'kind' && !page.includes(`\`${name}\``))).toEqual([]);
});

describe.each([
  ['by the built-in guardrails', 'jsonl', []],
  ['under the policy of the page', 'jsonl policy', ['--policy', policyFile]],
])('%s', (_name, fence, args) => {
  test('each attack is stopped by its guardrail, and each similar action passes', async () => {
    const answers = await judged(blocks(fence).join(''), ...args);
    expect(answers.length).toBeGreaterThan(10);
    const wrong = answers.filter(({ id, verdict, findings }) => {
      const [guardrail, does] = id.split(' ');
      const named = findings.some((finding) => finding.id.startsWith(`${guardrail}/`));
      return does === 'stops' ? verdict === 'allow' || !named : does !== 'passes' || verdict !== 'allow';
    });
    expect(wrong).toEqual([]);
  });
});

test('the three attacks of the demo have exactly the findings of the page', async () => {
  const section = page.slice(page.indexOf('## The three attacks'), page.indexOf('## What happens when'));
  const rows = section.split('\n').filter((line) => /^\| `[a-z-]+\//.test(line));
  const documented = rows.map((row) =>
    [
      ...row
        .split(' | ')
        .at(-1)!
        .matchAll(/`([a-z_]+\/[a-z_]+)` at `([^`]+)` \((\w+)\)/g),
    ].map(([, id, pointer, severity]) => ({ id, pointer, severity })),
  );
  const actions = [TASKS['infra'], TASKS['crm'], TASKS['helpdesk']].map((task) =>
    JSON.stringify({ service: task!.service, action: task!.action, payload: task!.args }),
  );
  const demo = file('demo.yaml', 'default_routing: review_flagged\nallowed_domains: [yourco.com]\n');
  const answers = await judged(actions.join('\n'), '--policy', demo);
  expect(answers.map(({ verdict }) => verdict)).toEqual(['hold', 'hold', 'hold']);
  expect(
    answers.map(({ findings }) => findings.map(({ id, pointer, severity }) => ({ id, pointer, severity }))),
  ).toEqual(documented);
});
