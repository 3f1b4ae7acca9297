import type { Finding } from '../../contracts/verdict.ts';
import { SEVERITY_RANK } from './finding.ts';

/**
 * The findings of a patched payload that the original did not have. A finding is known when the original has one with the same
 * id and evidence, at least as severe, at the same place. Array indices are ignored, since removing an element shifts the rest.
 * Each known finding matches one: a second copy of a known URL is new, and so is another value at a known place.
 */
export function newFindings(original: readonly Finding[], patched: readonly Finding[]): Finding[] {
  const known = new Map<string, number[]>();
  for (const finding of original) {
    const ranks = known.get(keyOf(finding)) ?? [];
    known.set(
      keyOf(finding),
      [...ranks, SEVERITY_RANK[finding.severity]].sort((a, b) => a - b),
    );
  }
  const bySeverity = [...patched].sort((a, b) => SEVERITY_RANK[a.severity] - SEVERITY_RANK[b.severity]);
  const fresh = new Set(
    bySeverity.filter((finding) => {
      const ranks = known.get(keyOf(finding)) ?? [];
      const at = ranks.findIndex((rank) => rank >= SEVERITY_RANK[finding.severity]);
      if (at >= 0) ranks.splice(at, 1);
      return at < 0;
    }),
  );
  return patched.filter((finding) => fresh.has(finding));
}

const keyOf = ({ id, pointer, evidence }: Finding): string =>
  JSON.stringify([id, pointer.replace(/\/\d+(?=\/|$)/g, '/*'), evidence]);
