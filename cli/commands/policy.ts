import { parseArgs } from 'node:util';
import { type Command, type Terminal, UsageError } from '../command.ts';

const OPTIONS = {
  json: { type: 'boolean', default: false },
  yaml: { type: 'boolean', default: false },
  schema: { type: 'boolean', default: false },
  reason: { type: 'string' },
  policy: { type: 'string' },
  since: { type: 'string' },
} as const;

type Values = ReturnType<typeof parsed>['values'];
const parsed = (args: string[]) => parseArgs({ args, allowPositionals: true, options: OPTIONS });

/** A subcommand: whether it takes a file, its options, and its action. */
interface Verb {
  file: boolean;
  options: readonly (keyof typeof OPTIONS)[];
  run(values: Values, file: string, terminal: Terminal): Promise<0 | 1>;
}

/** Loaded on demand: `policy show` must not pay for the firewall's parsers. */
const VERBS: Record<string, Verb> = {
  show: {
    file: false,
    options: ['json', 'yaml', 'schema'],
    run: async ({ json, yaml, schema }, _file, terminal) => {
      if ([json, yaml, schema].filter(Boolean).length > 1)
        throw new UsageError('use one of --json, --yaml and --schema');
      const { show, showSchema } = await import('../policy/show.ts');
      return schema ? showSchema(terminal) : show(json ? 'json' : yaml ? 'yaml' : 'document', terminal);
    },
  },
  log: {
    file: false,
    options: ['json'],
    run: async ({ json }, _file, terminal) => (await import('../policy/log.ts')).log(json, terminal),
  },
  check: {
    file: true,
    options: ['json'],
    run: async ({ json }, file, terminal) => (await import('../policy/check.ts')).check(file, json, terminal),
  },
  apply: {
    file: true,
    options: ['json', 'reason'],
    run: async ({ json, reason }, file, terminal) =>
      (await import('../policy/apply.ts')).apply(file, reason, json, terminal),
  },
  test: {
    file: true,
    options: ['json', 'policy'],
    run: async ({ json, policy: policyFile }, file, terminal) =>
      (await import('../policy/test.ts')).testActions(file, policyFile, json, terminal),
  },
  simulate: {
    file: false,
    options: ['json', 'policy', 'since'],
    run: async ({ json, policy: policyFile, since }, _file, terminal) =>
      (await import('../policy/simulate.ts')).simulate(since, policyFile, json, terminal),
  },
};

export const policy: Command = {
  summary: "show, check, test, simulate and apply the project's policy",
  usage: [
    'usage: letsping policy show [--json | --yaml | --schema]',
    '       letsping policy log [--json]',
    '       letsping policy check FILE|- [--json]',
    '       letsping policy test FILE|- [--policy FILE] [--json]',
    '       letsping policy simulate --since 7d [--policy FILE] [--json]',
    '       letsping policy apply FILE|- [--reason TEXT] [--json]',
    '',
    'A policy file is YAML or JSON. To change the policy:',
    '  letsping policy show --yaml > policy.yaml',
    '  letsping policy check policy.yaml',
    '  letsping policy simulate --since 7d --policy policy.yaml',
    '  letsping policy apply policy.yaml --reason "partner.example joined"',
    '',
    'check lists every error with its place, and warns about loose settings. test judges the actions of a JSONL file without',
    'a server, one object per line ({ service, action, payload, id?, context?, session?, step? }); without --policy it uses',
    'the built-in guardrails. simulate judges recorded requests on the server. apply creates a new version, which applies to',
    'requests opened from now on; a looser policy needs a reason.',
    'show, log, simulate and apply need an admin key; check, test and show --schema need no server.',
  ].join('\n'),
  run: async (args, terminal) => {
    const { values, positionals } = parsed(args);
    const [name = '', file, ...rest] = positionals;
    const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
    if (!verb) throw new UsageError(`name a subcommand: ${Object.keys(VERBS).join(', ')}`);
    if ((file !== undefined) !== verb.file || rest.length > 0)
      throw new UsageError(verb.file ? `${name} takes one file` : `${name} takes no file`);
    for (const option of Object.keys(OPTIONS) as (keyof typeof OPTIONS)[])
      if (values[option] !== undefined && values[option] !== false && !verb.options.includes(option))
        throw new UsageError(`${name} takes no --${option}`);
    return verb.run(values, file ?? '', terminal);
  },
};
