import type { Action, ActionContext } from '../../contracts/action.ts';
import type { Policy } from '../../contracts/policy.ts';
import type { Finding, Screening, Verdict } from '../../contracts/verdict.ts';
import { findingOf, templatesOf } from './finding.ts';
import type { FindingName } from './finding-names.ts';
import type { Guardrail } from './guardrail.ts';
import { addressClassOf } from './hosts/address.ts';
import { parseAction } from './parsing/parse-action.ts';
import { screenAction } from './screen.ts';
import type { ScreenDeps } from './screen-deps.ts';

/** Every address that a name has now, from the resolver that the dialler uses. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export interface Dialled extends ScreenDeps {
  resolve: Resolve;
  /** For all look-ups of one call together. @default 2000 */
  timeout_ms?: number;
}

const MOST_NAMES = 20;
const VERDICTS: readonly Verdict[] = ['allow', 'hold', 'block'];

/**
 * As `screenAction`, and it also resolves the names in the action: a public name with a private address is held. A look-up that
 * fails or takes too long counts as private. The name can resolve to another address later: dial the address that was judged.
 *
 * For the process that is about to dial. The server does not use it: an attacker who writes `<secret>.theirs.example` into a
 * payload reads the secret from the look-up alone, and the name server of an attacker can give one answer before the approval and
 * another after it. Pass an action that holds the one URL to be called, after it was approved.
 *
 * @example
 * const resolve = async (host: string) => (await lookup(host, { all: true })).map(({ address }) => address);
 * const { findings } = await screenResolved({ service, action, payload: { url } }, {}, policy, { resolve, parsers });
 */
export async function screenResolved(
  action: Action,
  context: ActionContext,
  policy: Policy,
  host: Dialled,
): Promise<Screening> {
  const before = screenAction(action, context, policy, undefined, host);
  const names = namesIn(action);
  if (names.size === 0) return before;
  const { timeout_ms = 2_000 } = host;
  const found = await Promise.all(
    [...names]
      .slice(0, MOST_NAMES)
      .map(async ([name, pointer]) => resolvedTo(name, pointer, await answers(host.resolve, name, timeout_ms))),
  );
  if (names.size > MOST_NAMES)
    found.push(finding('unresolved_name', '', `${names.size} names`, 'This call names more hosts than are looked up.'));
  const extra = found.filter((one): one is Finding => one !== undefined);
  if (extra.length === 0) return before;
  const resolved: Guardrail = { id: 'egress', check: () => [...before.findings, ...extra] };
  const after = screenAction(action, context, policy, [resolved], host);
  return VERDICTS.indexOf(before.verdict) > VERDICTS.indexOf(after.verdict)
    ? { ...before, findings: after.findings }
    : after;
}

function namesIn(action: Action): Map<string, string> {
  const names = new Map<string, string>();
  for (const value of parseAction(action).parsed.values) {
    const name = value.type === 'url' ? value.url.host : value.type === 'domain' ? value.name : '';
    if (name.includes('.') && addressClassOf(name) === undefined && !names.has(name))
      names.set(name, value.place.pointer);
  }
  return names;
}

async function answers(resolve: Resolve, name: string, timeout_ms: number): Promise<readonly string[] | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((done) => {
    timer = setTimeout(() => done(undefined), timeout_ms);
  });
  try {
    return await Promise.race([resolve(name), late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

const template = templatesOf('egress');
const finding = (name: FindingName<'egress'>, pointer: string, evidence: string, message: string): Finding =>
  findingOf(template(name, 'high', message), pointer, evidence);

function resolvedTo(name: string, pointer: string, addresses: readonly string[] | undefined): Finding | undefined {
  if (!addresses || addresses.length === 0)
    return finding('unresolved_name', pointer, name, 'This name does not resolve, so where it leads is not known.');
  const inside = addresses.find((address) => addressClassOf(address) !== 'public');
  return inside === undefined
    ? undefined
    : finding(
        'resolves_inside',
        pointer,
        `${name} → ${inside}`,
        'This public name leads to an address that is not public.',
      );
}
