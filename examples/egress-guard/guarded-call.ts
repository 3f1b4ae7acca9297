import { DEFAULT_POLICY, screenResolved } from 'letsping-temporal/firewall';
import { loadParsers } from 'letsping-temporal/firewall/parsers';

/** How this process reaches the network: `dns.lookup` with `all: true`, and a connection to the address that it is told. */
export interface Network {
  resolve(host: string): Promise<string[]>;
  dial(url: URL, address: string): Promise<string>;
}

const policy = { ...DEFAULT_POLICY, default_routing: 'review_flagged' as const };

/**
 * Calls a URL that was approved. Its name is looked up once, every address is judged, and the one that is dialled was
 * among them: a name that answers otherwise a moment later changes nothing. A redirect is no answer; call this with it.
 */
export async function guardedCall(url: URL, { resolve, dial }: Network): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  let addresses = [host]; // of an address, itself
  const judging = async (name: string): Promise<string[]> => (addresses = await resolve(name));
  const action = { service: 'egress', action: 'http_request', payload: { url: url.href } };
  const { findings } = await screenResolved(action, {}, policy, { resolve: judging, parsers: await loadParsers() });
  const inside = findings.find((finding) => finding.id.startsWith('egress/'));
  if (inside) throw new Error(`${inside.id}: ${inside.message}`);
  return dial(url, addresses[0]!);
}
