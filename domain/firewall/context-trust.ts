import type { ActionContext, ContextTrust } from '../../contracts/action.ts';
import type { Policy } from '../../contracts/policy.ts';

/**
 * What a member can do to a verdict. A `label` that is true tightens. A `name` says what is known, so it loosens for that and tightens
 * for everything else. A `place` says where the call is: an expression of the policy can read it.
 */
const EFFECT: { readonly [Member in keyof Required<ActionContext>]: 'label' | 'name' | 'place' } = {
  untrusted: 'label',
  private: 'label',
  allowed_domains: 'name',
  known_recipients: 'name',
  task: 'name',
  thread_id: 'place',
  node: 'place',
  history: 'place',
};

type Member = keyof typeof EFFECT;

/** The trust in a context: that of the key, unless the policy forbids `full`. */
export const trustUnder = (policy: Policy, ofKey: ContextTrust | undefined): ContextTrust =>
  policy.context_trust !== 'tighten_only' && ofKey === 'full' ? 'full' : 'tighten_only';

const those = (context: ActionContext, isOf: (member: Member, value: unknown) => boolean): ActionContext =>
  Object.fromEntries(
    Object.entries(context).filter(([member, value]) => value !== undefined && isOf(member as Member, value)),
  );

const size = (context: ActionContext) => Object.keys(context).length;

/**
 * The contexts that an action is judged under; all findings count. The attacker is the agent, which writes its own context: under
 * `tighten_only` the action is judged without one, then with the labels alone, then with all of it, so that a finding of the first two
 * stays, whatever the third names. A label that is false is not believed, and counts as absent.
 */
export function contextsToJudge(context: ActionContext, trust: ContextTrust): ActionContext[] {
  if (trust === 'full') return [context];
  const claimed = those(context, (member, value) => EFFECT[member] !== 'label' || value === true);
  const labels = those(claimed, (member) => EFFECT[member] === 'label');
  const contexts: ActionContext[] = [{}];
  if (size(labels) > 0) contexts.push(labels);
  if (size(claimed) > size(labels)) contexts.push(claimed);
  return contexts;
}
