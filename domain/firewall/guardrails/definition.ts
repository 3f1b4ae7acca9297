import type { GuardrailKind, GuardrailRule, RuleOf } from '../../../contracts/guardrails.ts';
import type { Guardrail } from '../guardrail.ts';
import type { Parsers } from '../parsing/parsers.ts';

/** How a change of a parameter can loosen a guardrail. */
export type Direction =
  /** Values that are allowed; without the list any is. */
  | 'only'
  /** Values that are allowed in addition. */
  | 'also'
  /** Values that are refused in addition. */
  | 'never'
  /** Places that are judged; without the list all are. */
  | 'places'
  | 'most'
  | 'least'
  | 'on_is_looser'
  | 'on_is_stricter'
  /** Text for people; changes no verdict. */
  | 'words'
  /** The two values cannot be compared, so any change counts as looser. */
  | 'any_change';

/** A direction, and the value that an absent parameter stands for. A limit without such a value does not limit when it is absent. */
export type Loosening<Value = unknown> = Direction | readonly [Direction, Value];

/** The parameters of a kind: the members that not every kind has. */
export type ParameterOf<Kind extends GuardrailKind> = Exclude<keyof RuleOf<Kind>, keyof GuardrailRule>;

/**
 * Everything that the firewall knows of one kind of guardrail, beside its schema (`contracts/guardrails/<kind>.ts`). Each is one
 * module here and one entry of `definitions.ts`; what is left out does not compile.
 */
export interface GuardrailDefinition<Kind extends GuardrailKind> {
  readonly kind: Kind;
  /**
   * Whether every project has it, without a rule. One rule of a built-in kind judges an action: the first that applies, or else the
   * built-in guardrail. Rules of another kind all judge. A kind with required parameters cannot be built in.
   */
  readonly builtIn: { kind: Kind } extends RuleOf<Kind> ? boolean : false;
  /** How each parameter loosens the guardrail. */
  readonly loosens: { readonly [Name in ParameterOf<Kind>]-?: Loosening<NonNullable<RuleOf<Kind>[Name]>> };
  /** Of how many milliseconds before a call it needs the earlier calls; undefined when it judges the call alone. */
  historyWindow(rule: RuleOf<Kind>): number | undefined;
  /** The guardrail that enforces a rule. @throws Error when the rule does not compile, or its engine is not loaded. */
  create(rule: RuleOf<Kind>, parsers: Parsers): Guardrail;
  /** The parameter that `create` compiles: its errors are reported there. */
  readonly compiles?: ParameterOf<Kind>;
  /** Where the rule reads an amount, whatever its key: earlier calls are kept with it. */
  amountPointer?(rule: RuleOf<Kind>): string | undefined;
  /** Why the parameters of a rule exclude each other, which the schema cannot express. */
  contradiction?(rule: RuleOf<Kind>): string | undefined;
}

/** A definition as code that handles every kind reads it. */
export interface AnyGuardrailDefinition {
  readonly kind: GuardrailKind;
  readonly builtIn: boolean;
  readonly loosens: Readonly<Record<string, Loosening>>;
  historyWindow(rule: GuardrailRule): number | undefined;
  create(rule: GuardrailRule, parsers: Parsers): Guardrail;
  readonly compiles?: string;
  amountPointer?(rule: GuardrailRule): string | undefined;
  contradiction?(rule: GuardrailRule): string | undefined;
}

/** Of a guardrail that judges each call alone. */
export const noHistory = (): undefined => undefined;
