import { isPublicMail, underAny } from './host-names.ts';

/** A domain of a policy in lower case, without a leading `*.` or `@` and without a trailing dot. */
const normalised = (entry: string): string =>
  entry
    .trim()
    .toLowerCase()
    .replace(/^\*?\./, '')
    .replace(/^@/, '')
    .replace(/\.$/, '');

export interface AllowList {
  /** False if the policy names no destination: then no destination is outside it. */
  readonly named: boolean;
  /** Whether a host is an allowed domain or a subdomain of one. */
  host(host: string): boolean;
  /** Whether a mail address may be written to. At a public provider only the whole address counts. */
  email(address: string, domain: string): boolean;
  /** The normalised domains, which a look-alike host may imitate. */
  readonly domains: readonly string[];
}

/** Reads a policy's `allowed_domains`: registrable domains or hosts, and whole mail addresses. */
export function allowListOf(entries: readonly string[], exactMail = true): AllowList {
  const before = exactMail ? READ.get(entries) : undefined;
  if (before) return before;
  const list = read(entries, exactMail);
  if (exactMail) READ.set(entries, list);
  return list;
}

/** The guardrails of a call, and the calls under a policy, share their lists. */
const READ = new WeakMap<readonly string[], AllowList>();

function read(entries: readonly string[], exactMail: boolean): AllowList {
  const addresses = new Set<string>();
  const domains: string[] = [];
  for (const entry of entries.map(normalised)) {
    if (entry.includes('@')) addresses.add(entry);
    else if (entry !== '') domains.push(entry);
  }
  const host = underAny(domains);
  return {
    named: entries.length > 0,
    domains,
    host,
    email: (address, domain) => addresses.has(address) || ((!exactMail || !isPublicMail(domain)) && host(domain)),
  };
}
