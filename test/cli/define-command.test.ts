import { expect, expectTypeOf, test } from 'vitest';
import { CommandFailed, type ExitCode, type Terminal } from '../../cli/command.ts';
import { runCommandLine } from '../../cli/command-line.ts';
import { defineCommand, defineCommandGroup } from '../../cli/define-command.ts';

/** What the commands below were run with. */
let got: unknown;

const send = defineCommand({
  name: 'send',
  summary: 'send a parcel',
  details: ['It leaves today.'],
  positionals: { what: { value: 'WHAT', description: 'the parcel' } },
  options: {
    to: { type: 'string', value: 'TOWN', description: 'where it goes', required: true },
    speed: { type: 'string', value: 'SPEED', description: 'how fast', choices: ['slow', 'fast'], default: 'slow' },
    note: { type: 'string', value: 'TEXT', description: 'for the driver', multiple: true },
    weight: { type: 'string', value: 'KG', description: 'if you know it' },
    fragile: { type: 'boolean', description: 'made of glass' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  exclusive: ['fragile', 'json'],
  examples: ['letsping send it --to Bern'],
  async run(values) {
    got = values;
    expectTypeOf(values).toEqualTypeOf<
      {
        readonly to: string;
        readonly speed: string;
        readonly note: string[] | undefined;
        readonly weight: string | undefined;
        readonly fragile: boolean;
        readonly json: boolean;
      } & { readonly what: string }
    >();
    return 0;
  },
});

const lose = defineCommand({
  name: 'parcel lose',
  summary: 'lose it',
  options: { json: { type: 'boolean', description: 'print JSON' } },
  examples: ['letsping parcel lose'],
  run: () => Promise.reject(new CommandFailed('interrupted', 'it is \u001b[2Jlost', 'look again')),
});
const find = defineCommand({
  name: 'parcel find',
  summary: 'find it',
  positionals: { id: { value: 'ID', description: 'the parcel' } },
  examples: ['letsping parcel find 7'],
  async run(values) {
    got = values;
    return 0;
  },
});
const parcel = defineCommandGroup({
  name: 'parcel',
  summary: 'lose and find parcels',
  commands: [lose, find],
  examples: ['letsping parcel find 7'],
});

async function letsping(...args: string[]): Promise<{ code: ExitCode; out: string; err: string }> {
  got = undefined;
  const said = { out: '', err: '' };
  const terminal: Terminal = {
    env: {},
    interactive: false,
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
  };
  const code = await runCommandLine(args, terminal, [send, parcel]);
  return { code, ...said };
}

test('options and positionals reach the command by their names, wherever they stand', async () => {
  expect(await letsping('send', '--to', 'Bern', '--note=a', '--fragile', 'it', '--note', 'b')).toEqual({
    code: 0,
    out: '',
    err: '',
  });
  expect(got).toEqual({
    what: 'it',
    to: 'Bern',
    speed: 'slow',
    note: ['a', 'b'],
    weight: undefined,
    fragile: true,
    json: false,
  });
  await letsping('send', '--to', 'Bern', '--', '--help');
  expect(got).toMatchObject({ what: '--help' });
});

test.each([
  [['send', '--to', 'Bern'], 'WHAT is missing: the parcel'],
  [['send', 'it'], '--to is missing: where it goes'],
  [['send', 'it', 'too', '--to', 'Bern'], 'unexpected argument "too"'],
  [['send', 'it', '--to', 'Bern', '--tow', 'x'], "unknown option '--tow'"],
  [['send', 'it', '--to'], "option '--to <value>' argument missing"],
  [['send', 'it', '--to', 'Bern', '--to', 'Basel'], '--to is given twice'],
  [['send', 'it', '--to', 'Bern', '--speed', 'warp'], '--speed takes slow or fast'],
  [['send', 'it', '--to', 'Bern', '--json=yes'], "option '--json' does not take an argument"],
  [['send', 'it', '--to', 'Bern', '--no-json'], "unknown option '--no-json'"],
  [['send', 'it', '--to', 'Bern', '--json', '--fragile'], 'use one of --fragile and --json'],
])('%j is refused with the usage and exit code 2', async (args, message) => {
  expect(await letsping(...args)).toEqual({
    code: 2,
    out: '',
    err: `letsping send: ${message}

usage: letsping send WHAT --to TOWN [--speed SPEED] [--note TEXT …] [--weight KG] [--fragile | --json]
try: letsping send --help
`,
  });
  expect(got).toBeUndefined();
});

test('the help is derived from the declaration', async () => {
  const { code, out, err } = await letsping('send', '--help');
  expect([code, err, got]).toEqual([0, '', undefined]);
  expect(
    out,
  ).toBe(`usage: letsping send WHAT --to TOWN [--speed SPEED] [--note TEXT …] [--weight KG] [--fragile | --json]

Send a parcel.

It leaves today.

  WHAT           the parcel
  --to TOWN      where it goes
  --speed SPEED  how fast: slow or fast; default: slow
  --note TEXT …  for the driver
  --weight KG    if you know it
  --fragile      made of glass
  --json         print JSON

example
  letsping send it --to Bern
`);
  for (const same of [
    ['send', '-h'],
    ['help', 'send'],
    ['--help', 'send'],
    ['send', 'it', '--help', '--no-such'],
  ])
    expect(await letsping(...same)).toMatchObject({ code: 0, out });
});

test('a subcommand is a command of its own', async () => {
  expect(await letsping('parcel', 'find', '7')).toMatchObject({ code: 0 });
  expect(got).toEqual({ id: '7' });
  expect((await letsping('parcel', 'find', '--help')).out).toContain('usage: letsping parcel find ID\n');
  expect((await letsping('help', 'parcel', 'find')).out).toContain('usage: letsping parcel find ID\n');
  expect(await letsping('parcel', 'find', '--json', '7')).toMatchObject({
    code: 2,
    err: expect.stringContaining("letsping parcel find: unknown option '--json'"),
  });
  for (const args of [['parcel'], ['parcel', 'drop'], ['parcel', '--json', 'find'], ['parcel', 'toString']])
    expect(await letsping(...args)).toEqual({
      code: 2,
      out: '',
      err: `letsping parcel: name a subcommand: lose, find

usage: letsping parcel lose [--json]
       letsping parcel find ID
try: letsping parcel --help
`,
    });
  const { out } = await letsping('parcel', '--help');
  expect(out).toMatch(
    /^usage: letsping parcel lose \[--json\]\n {7}letsping parcel find ID\n\nLose and find parcels\.\n/,
  );
  expect(out).toContain('  parcel lose  lose it\n  parcel find  find it\n');
});

test('a failure is exit code 1 with its hint; with --json, one JSON document on stdout as well', async () => {
  const err = 'letsping parcel: it is \u001b[2Jlost\ntry: look again\n';
  expect(await letsping('parcel', 'lose')).toEqual({ code: 1, out: '', err });
  const { code, out } = await letsping('parcel', 'lose', '--json');
  expect(code).toBe(1);
  expect(out).not.toContain('\u001b');
  expect(JSON.parse(out)).toEqual({
    error: { code: 'interrupted', message: 'it is \u001b[2Jlost', hint: 'look again' },
  });
});

test('without a command it prints the list as a refusal, with `help` as an answer', async () => {
  const list = await letsping('help');
  expect(list).toMatchObject({ code: 0, err: '' });
  expect(list.out).toContain('\n  send    send a parcel\n  parcel  lose and find parcels\n\n');
  expect(await letsping()).toEqual({ ...list, code: 2 });
  for (const wrong of [['toString'], ['help', 'nothing'], ['"\u001b[2J']]) {
    const { code, out, err } = await letsping(...wrong);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^letsping: unknown command "/);
    expect(err).not.toContain('\u001b');
  }
});
