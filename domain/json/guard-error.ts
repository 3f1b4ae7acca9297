/** The reasons for a refusal, by code. */
export const JSON_REFUSALS = {
  not_json: 'The body is not JSON.',
  too_deep: 'The body is nested too deeply.',
  too_many_values: 'The body holds too many values.',
  duplicate_key: 'The body names one key twice.',
  forbidden_key: 'The body holds a key that could reach an object prototype.',
  number_out_of_range: 'The body holds a number that a double cannot carry exactly; send it as a string.',
  lone_surrogate: 'The body holds half of a surrogate pair.',
} as const;
export type JsonRefusal = keyof typeof JSON_REFUSALS;

/** Thrown inside the scan only: `parseGuarded` returns a value. */
export class JsonGuardError extends Error {
  override readonly name = 'JsonGuardError';
  readonly code: JsonRefusal;
  constructor(code: JsonRefusal) {
    super(JSON_REFUSALS[code]);
    this.code = code;
  }
}
