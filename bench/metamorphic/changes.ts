import type { Action } from '../../contracts/action.ts';

/** A number from 0 up to, and without, `below`. */
export type Random = (below: number) => number;

/** A change that no program takes for something milder: what it reads is the same, or cannot be read. */
type Change = (call: Action, random: Random) => Action;

const pick = <T>(list: readonly T[], random: Random): T => list[random(list.length)] as T;

/** The call with one text of its payload replaced. */
function withText(
  call: Action,
  random: Random,
  change: (text: string) => string,
  isChosen = (_key: string) => true,
): Action {
  const places: string[] = [];
  const visit = (value: unknown, key: string, at: string): unknown => {
    if (typeof value === 'string') {
      if (isChosen(key)) places.push(at);
      return value;
    }
    if (Array.isArray(value)) return value.map((one, index) => visit(one, key, `${at}/${index}`));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, visit(one, name, `${at}/${name}`)]));
  };
  visit(call.payload, '', '');
  if (places.length === 0) return call;
  const chosen = pick(places, random);
  const replace = (value: unknown, at: string): unknown => {
    if (typeof value === 'string') return at === chosen ? change(value) : value;
    if (Array.isArray(value)) return value.map((one, index) => replace(one, `${at}/${index}`));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, replace(one, `${at}/${name}`)]));
  };
  return { ...call, payload: replace(call.payload, '') as Action['payload'] };
}

function withKey(call: Action, random: Random, change: (key: string) => string): Action {
  const keys: string[] = [];
  const visit = (value: unknown, rename: string | undefined): unknown => {
    if (Array.isArray(value)) return value.map((one) => visit(one, rename));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => {
        keys.push(name);
        return [name === rename ? change(name) : name, visit(one, rename)];
      }),
    );
  };
  visit(call.payload, undefined);
  return { ...call, payload: visit(call.payload, pick(keys, random)) as Action['payload'] };
}

/** The call with one number of its payload replaced. */
function withNumber(call: Action, random: Random, change: (number: number) => unknown): Action {
  const count = JSON.stringify(call.payload).match(/[:[]-?\d/g)?.length ?? 0;
  if (count === 0) return call;
  let left = random(count);
  const visit = (value: unknown): unknown => {
    if (typeof value === 'number') return left-- === 0 ? change(value) : value;
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, visit(one)]));
  };
  return { ...call, payload: visit(call.payload) as Action['payload'] };
}

const HIDDEN = [
  ...['\u0000', '\u0001', '\u0008', '\u001b', '\u007f', '\u0085', '\u009f'],
  ...['\u00ad', '\u200b', '\u200c', '\u200d', '\u2060', '\u2064', '\ufeff', '\u{e0041}', '\u180e', '\u3164'],
];

function inserted(text: string, random: Random): string {
  // By code point: half a surrogate pair is refused at ingest.
  const chars = [...text];
  chars.splice(random(chars.length + 1), 0, pick(HIDDEN, random).repeat(1 + random(2)));
  return chars.join('');
}

const upperCase = (text: string): string => text.toUpperCase();
const randomCase = (text: string, random: Random): string =>
  text.replace(/[a-z]/gi, (letter) => (random(2) === 0 ? letter.toUpperCase() : letter.toLowerCase()));
const fullWidth = (text: string): string =>
  text.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0));
const percent = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const escaped = (text: string): string =>
  text.replace(/[^\n]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
const entities = (text: string): string => [...text].map((char) => `&#${char.codePointAt(0)};`).join('');

const SPELLINGS: readonly ((number: number) => unknown)[] = [
  (one) => String(one),
  (one) => `${one}.00`,
  (one) => `${one},00`,
  (one) => `€${one}`,
  (one) => `${one} €`,
  (one) => `${one} EUR`,
  (one) => `EUR ${one}`,
  (one) => `${one / 1_000}e3`,
  (one) => `${one}E0`,
  (one) => `+${one}`,
  (one) => ` ${one} `,
  (one) => `0000${one}`,
  (one) => `0x${one.toString(16)}`,
  (one) => String(one).replace(/\B(?=(\d{3})+$)/g, ','),
  (one) => String(one).replace(/\B(?=(\d{3})+$)/g, '.'),
  (one) => String(one).replace(/\B(?=(\d{3})+$)/g, ' '),
  (one) => String(one).replace(/\B(?=(\d{3})+$)/g, '_'),
  (one) => String(one).replace(/\B(?=(\d{3})+$)/g, '\u2019'),
  (one) => String(one).replace(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit))),
  (one) => fullWidth(String(one)),
  (one) => `(${one})`,
  (one) => `${one}-`,
  () => '',
  () => 'NaN',
  () => 'Infinity',
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => 'five hundred thousand',
  (one) => String(one).split('').join('\u200b'),
  (one) => String(one).split('').join('\u0000'),
];

const ADDRESS = /\d{1,3}(?:\.\d{1,3}){3}/;
const partsOf = (address: string): number[] => address.split('.').map(Number);
const ADDRESSES: readonly ((address: string) => string)[] = [
  (one) => String(partsOf(one).reduce((sum, part) => sum * 256 + part, 0)),
  (one) =>
    `0x${partsOf(one)
      .map((part) => part.toString(16).padStart(2, '0'))
      .join('')}`,
  (one) =>
    partsOf(one)
      .map((part) => `0${part.toString(8)}`)
      .join('.'),
  (one) =>
    partsOf(one)
      .map((part) => `0x${part.toString(16)}`)
      .join('.'),
  (one) => `[::ffff:${one}]`,
  (one) => `[0:0:0:0:0:ffff:${one}]`,
  (one) => `${one}.`,
  (one) => `user@${one}`,
  (one) => `user:pw@${one}:80`,
  (one) => `${one}.nip.io`,
  (one) => one.replaceAll('.', '\u3002'),
  (one) => one.replaceAll('.', '%2e'),
  fullWidth,
];

const SQL_SPACES = ['/**/', '/* x */', '\n', '\t', '  ', ' -- x\n', '\f', '/* a /* b */ */'];
const spacedSql = (text: string, random: Random): string => text.replace(/ /g, () => pick(SQL_SPACES, random));
const TABLES = [
  'public.users',
  '"users"',
  'public . users',
  '"public"."users"',
  'only users',
  'users as u',
  'db.public.users',
];

const PATHS: readonly ((path: string) => string)[] = [
  (path) => `/workspace/..${path}`,
  (path) => `/workspace/a/../..${path}`,
  (path) => `/workspace//./..//.${path}`,
  (path) => `/workspace/%2e%2e${path}`,
  (path) => `/workspace/%252e%252e${path}`,
  (path) => `/workspace\\..${path}`.replace('/workspace\\', '/workspace/x\\..\\'),
  (path) => `/workspace/.\u200b.${path}`,
  (path) => `/workspace/\uff0e\uff0e${path}`,
  (path) => `/workspace/..\u0000${path}`,
];

const SHELL: readonly ((command: string) => string)[] = [
  (one) => one.replace(/ /g, '${IFS}'),
  (one) => one.replace(/ /g, '\t'),
  (one) => one.replace(/^(\w)(\w)/, '$1""$2'),
  (one) => one.replace(/^(\w)(\w)/, "'$1'$2"),
  (one) => one.replace(/^(\w)/, '\\$1'),
  (one) => `true && ${one}`,
  (one) => `: ; ${one} # done`,
  (one) => `sh -c '${one.replaceAll("'", "'\\''")}'`,
  (one) => `env A=b ${one}`,
  (one) => `( ${one} )`,
  (one) => `ls\n${one}`,
];

/** JSON has no NaN: a program that has one sends a text or null. */
const jsonOf = (payload: Action['payload']): string =>
  JSON.stringify(payload, (_key, value) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );

const WRAPS: readonly ((payload: Action['payload']) => Action['payload'])[] = [
  (params) => ({ params }),
  (args) => ({ input: { args } }),
  (payload) => ({ items: [payload] }),
  (payload) => ({ body: jsonOf(payload) }),
  (payload) => ({ body: JSON.stringify(jsonOf(payload)) }),
];

const HOST_KEYS = (key: string): boolean => /host|url|^b?cc$|^to$/i.test(key);

/** The changes of each family. */
export const CHANGES = {
  hidden: [
    (call, random) => withText(call, random, (text) => inserted(text, random)),
    (call, random) => withKey(call, random, (key) => inserted(key, random)),
  ],
  names: [
    (call) => ({ ...call, service: upperCase(call.service), action: upperCase(call.action) }),
    (call, random) => ({ ...call, action: inserted(call.action, random) }),
    (call) => ({ ...call, action: fullWidth(call.action) }),
  ],
  keys: [
    (call, random) => withKey(call, random, upperCase),
    (call, random) => withKey(call, random, (key) => key.charAt(0).toUpperCase() + key.slice(1)),
    (call, random) => withKey(call, random, fullWidth),
    (call, random) => withKey(call, random, (key) => ` ${key}`),
  ],
  nesting: WRAPS.map((wrap) => (call) => ({ ...call, payload: wrap(call.payload) })),
  encoding: [
    (text: string) => Buffer.from(text).toString('base64'),
    (text: string) => Buffer.from(text).toString('base64url'),
    (text: string) => Buffer.from(text).toString('hex'),
    percent,
    (text: string) => percent(percent(text)),
    escaped,
    entities,
    (text: string) => JSON.stringify(text),
    // What is shorter is a word to every reader.
  ].map((encode) => (call, random) => withText(call, random, (text) => (text.length < 6 ? text : encode(text)))),
  number: SPELLINGS.map((spell) => (call, random) => withNumber(call, random, spell)),
  address: ADDRESSES.map(
    (spell) => (call, random) => withText(call, random, (text) => text.replace(ADDRESS, (one) => spell(one))),
  ),
  host: [
    (call, random) => withText(call, random, (text) => randomCase(text, random), HOST_KEYS),
    (call, random) => withText(call, random, (text) => text.replace(/\.(?=dev|example)/, '\u3002'), HOST_KEYS),
    (call, random) => withText(call, random, (text) => text.replace(/(\.(?:dev|example))/, '$1.'), HOST_KEYS),
    (call, random) => withText(call, random, (text) => ` ${text}\n`, HOST_KEYS),
  ],
  sql: [
    (call, random) => withText(call, random, (text) => randomCase(text, random)),
    (call, random) => withText(call, random, (text) => spacedSql(text, random)),
    (call, random) => withText(call, random, (text) => `/*note*/ ${text} ;`),
    (call, random) => withText(call, random, (text) => ` --select\n${text}`),
    (call, random) => withText(call, random, (text) => `explain analyze ${text}`),
  ],
  tables: TABLES.map(
    (table) => (call, random) => withText(call, random, (text) => text.replace(/(?<=from )users$/, table)),
  ),
  shell: SHELL.map((spell) => (call, random) => withText(call, random, spell)),
  path: PATHS.map((spell) => (call, random) => withText(call, random, spell)),
} as const satisfies Record<string, readonly Change[]>;

export type Family = keyof typeof CHANGES;

/** What changes the content of a text comes before what encodes the text and wraps the payload. */
const ORDER: Readonly<Partial<Record<Family, number>>> = { encoding: 1, hidden: 2, nesting: 3, keys: 4, names: 4 };

/** One to three changes of these families. */
export function changed(call: Action, families: readonly Family[], random: Random): Action {
  const chosen = Array.from({ length: 1 + random(3) }, () => pick(families, random));
  chosen.sort((a, b) => (ORDER[a] ?? 0) - (ORDER[b] ?? 0));
  return chosen.reduce((now, family) => (pick(CHANGES[family], random) as Change)(now, random), call);
}
