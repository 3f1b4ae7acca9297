import { DEFAULT_POLICY, screenResolved } from 'letsping-temporal/firewall';
import { loadParsers } from 'letsping-temporal/firewall/parsers';

/** Access to the network: `dns.lookup` with `all: true`, and a connection to the given address. */
export interface Network {
  resolve(host: string): Promise<string[]>;
  dial(url: URL, address: string): Promise<string>;
}

const policy = { ...DEFAULT_POLICY, default_routing: 'review_flagged' as const };

/**
 * Calls an approved URL. The name is resolved once, every address is judged, and one of them is dialled: a later change
 * of the name's addresses (DNS rebinding) has no effect. It follows no redirect: call it again with the new URL.
 */
export async function guardedCall(url: URL, { resolve, dial }: Network): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  let addresses = [host]; // an address stands for itself
  const judging = async (name: string): Promise<string[]> => (addresses = await resolve(name));
  const action = { service: 'egress', action: 'http_request', payload: { url: url.href } };
  const { findings } = await screenResolved(action, {}, policy, { resolve: judging, parsers: await loadParsers() });
  const inside = findings.find((finding) => finding.id.startsWith('egress/'));
  if (inside) throw new Error(`${inside.id}: ${inside.message}`);
  return dial(url, addresses[0]!);
}
