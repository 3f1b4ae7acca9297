/**
 * The database has no row that supports this outcome: someone with write access to the Temporal namespace made it up.
 * A class of its own, because `DomainError` has the codes of the HTTP api, and no caller of the api receives this one.
 */
export class ForgedDecision extends Error {
  override readonly name = 'ForgedDecision';
}
