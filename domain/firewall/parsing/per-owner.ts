type Owner = Readonly<Record<string, unknown>>;

/**
 * What the members of an object say, read once for all values in it. The attacker writes an object of thousands of members under names that
 * each ask about the others: reading it for each of them takes time that grows with the square.
 */
export function perOwner<Read>(nothing: Read, read: (owner: Owner) => Read): (owner: Owner | undefined) => Read {
  const known = new WeakMap<Owner, { read: Read }>();
  return (owner) => {
    if (owner === undefined) return nothing;
    const before = known.get(owner);
    if (before) return before.read;
    const found = { read: read(owner) };
    known.set(owner, found);
    return found.read;
  };
}
