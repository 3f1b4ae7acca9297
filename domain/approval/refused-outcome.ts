import type { IncidentKind } from './incident.ts';

/**
 * No row supports the outcome: someone with write access to the Temporal namespace, or to the database without the root key, made it
 * up. Nothing changed. Not a `DomainError`, because no caller of the api receives it.
 */
export class OutcomeRefused extends Error {
  override readonly name = 'OutcomeRefused';
  readonly incident: IncidentKind;
  constructor(incident: IncidentKind, message: string) {
    super(message);
    this.incident = incident;
  }
}

/** The deadline is still ahead by the database's clock. Nothing changed. */
export class DeadlineAhead extends Error {
  override readonly name = 'DeadlineAhead';
  readonly remaining_ms: number;
  constructor(remaining_ms: number) {
    super(`the deadline is ${remaining_ms} ms ahead`);
    this.remaining_ms = remaining_ms;
  }
}
