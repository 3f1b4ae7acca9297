import type { SchemaCompiler } from '../../json/schema.ts';

/** A node of a Bash syntax tree; only the parts that the rules use. */
export interface ShellNode {
  readonly type: string;
  readonly text?: string;
  readonly value?: unknown;
  readonly errors?: readonly unknown[];
}

export interface ShellParser {
  /** A script as a tree; if it does not parse, the root has `errors`. */
  parse(text: string): ShellNode;
  /** The children of a node, including those of nested scripts, in the order of the text. */
  children(node: ShellNode): ShellNode[];
}

/**
 * Parsers that guardrails need and do not import, because they bring WebAssembly or large tables. The composition root loads
 * them once and passes them in. A text without a loaded parser is not read, and counts as dangerous.
 */
export interface Parsers {
  /** The statements of a PostgreSQL text as its own parser's tree; throws on a text that does not parse. */
  readonly sql?: (text: string) => unknown;
  readonly shell?: ShellParser;
  /** Compiles an RE2 pattern; throws on syntax that RE2 does not support. */
  readonly pattern?: (pattern: string, ignoreCase: boolean) => (text: string) => boolean;
  /** Compiles a CEL expression; throws on one that does not parse. */
  readonly expression?: (cel: string) => (variables: Record<string, unknown>) => unknown;
  /** Compiles a JSON Schema of draft 2020-12. */
  readonly schema?: SchemaCompiler;
}

export const NO_PARSERS: Parsers = {};

/** The parser that a rule needs. @throws Error if it is not loaded, because then the rule cannot be enforced. */
export function requiredParser<Name extends keyof Parsers>(parsers: Parsers, name: Name): NonNullable<Parsers[Name]> {
  const parser = parsers[name];
  if (parser === undefined) throw new Error(`no ${name} engine is loaded`);
  return parser;
}
