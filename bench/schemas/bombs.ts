/** A schema of an attacker with an agent's key, as JSON, and the value of a patch. */
export interface Bomb {
  name: string;
  schema: string;
  value: string;
}

const list = <Made>(count: number, make: (at: number) => Made): Made[] =>
  Array.from({ length: count }, (_, at) => make(at));
const map = <Made>(count: number, make: (at: number) => Made): Record<string, Made> =>
  Object.fromEntries(list(count, (at) => [`p${at}`, make(at)]));
const ref = (name: string) => ({ $ref: `#/$defs/${name}` });
const nested = (levels: number, wrap: (inner: unknown) => unknown, core: unknown): unknown => {
  let made = core;
  for (let level = 0; level < levels; level += 1) made = wrap(made);
  return made;
};
/** Too deep for `JSON.stringify`. */
const nestedText = (levels: number, open: string, core: string, close: string): string =>
  open.repeat(levels) + core + close.repeat(levels);
const doubling = (keyword: string, levels: number) => ({
  ...ref('d0'),
  $defs: Object.fromEntries(
    list(levels, (at) => [`d${at}`, at + 1 < levels ? { [keyword]: [ref(`d${at + 1}`), ref(`d${at + 1}`)] } : {}]),
  ),
});
const chain = (levels: number) => nested(levels, (a) => ({ a }), 1);
const aaa = `${'a'.repeat(20_000)}!`;
const objects = (count: number) => list(count, (at) => ({ at, text: 'x'.repeat(at % 7) }));
/** Each level of data is checked twice: 2 to the power of the depth. */
const branching = (keyword: string) => ({
  ...ref('t'),
  $defs: { t: { [keyword]: list(2, (at) => ({ properties: { a: ref('t') }, required: [`r${at}`] })) } },
});

const OBJECTS: [string, unknown, unknown][] = [
  [
    '60 members refer to one wide definition',
    { properties: map(60, () => ref('w')), $defs: { w: { properties: map(200, () => ({ type: 'string' })) } } },
    map(60, () => map(200, () => 1)),
  ],
  [
    'wide definitions of wide definitions',
    {
      ...ref('d0'),
      $defs: Object.fromEntries(
        list(8, (at) => [`d${at}`, at < 7 ? { properties: map(8, () => ref(`d${at + 1}`)) } : { type: 'string' }]),
      ),
    },
    nested(7, (inner) => map(3, () => inner), 1),
  ],
  ['allOf doubles, 31 levels', doubling('allOf', 31), {}],
  ['anyOf doubles, 31 levels', doubling('anyOf', 31), 'x'],
  ['oneOf doubles, 31 levels', doubling('oneOf', 31), 'x'],
  ['allOf doubles to just below the limit', doubling('allOf', 10), {}],
  ['not within not, 60 levels', nested(60, (not) => ({ not }), { type: 'string' }), 'x'],
  [
    'if and else double',
    {
      ...ref('d0'),
      $defs: Object.fromEntries(
        list(31, (at) => [`d${at}`, at < 30 ? { if: ref(`d${at + 1}`), else: ref(`d${at + 1}`) } : {}]),
      ),
    },
    1,
  ],
  ['refers to itself', { $ref: '#' }, {}],
  ['a circle of two', { ...ref('a'), $defs: { a: ref('b'), b: ref('a') } }, {}],
  ['a circle through allOf', { allOf: [{ $ref: '#' }] }, {}],
  ['a circle through not', { not: { $ref: '#' } }, {}],
  ['a circle through if', { if: { $ref: '#' }, else: { type: 'string' } }, {}],
  ['a circle through dependentSchemas', { dependentSchemas: { a: { $ref: '#' } } }, { a: 1 }],
  ['asynchronous', { $async: true, type: 'object' }, {}],
  ['data as schema', { properties: { a: { const: { $data: '/b' } }, b: {} }, $data: '/x' }, {}],
  ['a dynamic circle', { $dynamicAnchor: 'x', $dynamicRef: '#x' }, {}],
  ['a recursive circle', { $recursiveAnchor: true, $recursiveRef: '#' }, {}],
  ['another document', { $ref: 'https://127.0.0.1:1/schema.json' }, {}],
  ['a file', { $ref: 'file:///etc/passwd' }, {}],
  [
    'an identifier below the root',
    { properties: { a: { $id: 'https://json-schema.org/draft-07/schema', type: 'string' } } },
    {},
  ],
  ['a pattern that backtracks', { pattern: '^(a+)+$' }, aaa],
  [
    'a pattern that backtracks, in patternProperties',
    { patternProperties: { '^(\\w+\\s?)*$': {} } },
    { [`${'word '.repeat(40)}!`]: 1 },
  ],
  ['a pattern with backreferences', { pattern: '^(a*)*\\1*b$' }, aaa],
  ['a pattern with nested lookaheads', { pattern: '^(?=(a+)+$)(?=(a|aa)+$)b' }, aaa],
  ['500 polynomial patterns', { allOf: list(500, (at) => ({ pattern: `a*a*a*a*${at}$` })) }, 'a'.repeat(400)],
  ['501 patterns', { allOf: list(501, (at) => ({ pattern: `x${at}` })) }, 'x'],
  ['a pattern of 1,001 characters', { pattern: 'a'.repeat(1_001) }, 'x'],
  ['a pattern that counts to 1,000 twice', { pattern: '^((a{1,1000}){1,1000})+$' }, aaa],
  ['a pattern that does not compile', { pattern: '(' }, 'x'],
  ['patterns of names', { propertyNames: { pattern: '^(x+x+)+y$' } }, { ['x'.repeat(60)]: 1 }],
  [
    'a format that backtracks',
    {
      anyOf: ['email', 'hostname', 'uri', 'uri-template', 'regex', 'duration', 'json-pointer', 'idn-email'].map(
        (format) => ({ format, minLength: 30_000 }),
      ),
    },
    `${'a.'.repeat(10_000)}@`,
  ],
  ['unique items, 30,000 objects', { uniqueItems: true }, objects(30_000)],
  [
    'unique items within unique items',
    { uniqueItems: true, items: { uniqueItems: true } },
    list(200, (at) => objects(200 + at)),
  ],
  [
    'contains within contains',
    nested(5, (contains) => ({ contains, maxContains: 0 }), { const: 1 }),
    nested(5, (inner) => list(9, () => inner), 2),
  ],
  ['a recursion that branches, anyOf', branching('anyOf'), chain(40)],
  ['a recursion that branches, oneOf', branching('oneOf'), chain(40)],
  [
    'a recursion that branches, allOf',
    { ...ref('t'), $defs: { t: { allOf: list(2, () => ({ properties: { a: ref('t') } })) } } },
    chain(40),
  ],
  ['a recursion over data of 5,000 levels', { ...ref('t'), $defs: { t: { properties: { a: ref('t') } } } }, undefined],
  [
    'unevaluated members of nested allOf',
    nested(20, (inner) => ({ allOf: [inner, { properties: map(20, () => ({})) }], unevaluatedProperties: false }), {}),
    map(3_000, () => 1),
  ],
  [
    'unevaluated items',
    {
      anyOf: list(300, (at) => ({ prefixItems: list(at, () => ({ type: 'string' })) })),
      unevaluatedItems: { type: 'null' },
    },
    list(5_000, () => 1),
  ],
  ['a long enum on many values', { items: { enum: list(2_000, (at) => `v${at}`) } }, list(20_000, () => 'none')],
  [
    'a long enum of objects',
    { items: { enum: list(1_500, (at) => ({ a: { b: at } })) } },
    list(5_000, (at) => ({ a: { b: -at } })),
  ],
  ['a large const', { items: { const: list(5_000, (at) => at) } }, list(300, () => list(5_000, (at) => at))],
  ['many required members', { items: { required: list(5_000, (at) => `r${at}`) } }, list(3_000, () => ({}))],
  [
    'dependencies among all members',
    { dependentRequired: map(300, () => list(20, (at) => `p${at}`)) },
    map(5_000, () => 1),
  ],
  ['10,001 parts', { anyOf: [], items: { allOf: [] }, properties: map(10_001, () => ({})) }, {}],
  ['1,990 applications to each of 5,000 values', { items: { allOf: list(1_990, () => ({})) } }, list(5_000, () => 1)],
  ['oneOf of 1,900 on each of 5,000 values', { items: { oneOf: list(1_900, () => true) } }, list(5_000, () => 1)],
  ['multiples of a tiny number', { items: { multipleOf: 1e-300 } }, list(20_000, () => 1e300)],
  ['lengths of long texts', { items: { minLength: 5, maxLength: 6 } }, list(20, () => '\u{1f600}'.repeat(20_000))],
  [
    'a prototype as a member',
    { properties: { constructor: { pattern: '^(a+)+$' } }, required: ['__proto__'] },
    { constructor: aaa },
  ],
  ['a type that does not exist', { type: 'nonsense' }, {}],
  ['a list where a schema belongs', { properties: { a: [] } }, {}],
  ['larger than 64 KB', { description: 'x'.repeat(66_000) }, {}],
];

const TEXTS: Bomb[] = [
  { name: 'nested deeper than 64 levels', schema: nestedText(100, '{"items":', '{}', '}'), value: '[]' },
  { name: 'nested 6,000 deep', schema: nestedText(6_000, '{"items":', '{}', '}'), value: '[]' },
  { name: 'a list nested 30,000 deep in a keyword', schema: `{"x":${nestedText(30_000, '[', '', ']')}}`, value: '[]' },
  { name: 'not JSON', schema: '{"type":', value: '{}' },
  { name: 'not an object', schema: '[]', value: '{}' },
  {
    name: 'a member __proto__',
    schema: '{"properties":{"__proto__":{"$ref":"#"}},"__proto__":{"type":"string"}}',
    value: '{"__proto__":{}}',
  },
  {
    name: 'data nested 30,000 deep',
    schema: '{"$ref":"#/$defs/t","$defs":{"t":{"items":{"$ref":"#/$defs/t"}}}}',
    value: nestedText(30_000, '[', '', ']'),
  },
  {
    name: '4 MB of data, each value applied to 500 parts',
    schema: JSON.stringify({ items: { allOf: list(500, () => ({ minimum: 0 })) } }),
    value: `[${'1,'.repeat(2_000_000)}1]`,
  },
];

export const BOMBS: readonly Bomb[] = [
  ...OBJECTS.map(([name, schema, value]) => ({
    name,
    schema: JSON.stringify(schema),
    value: value === undefined ? nestedText(5_000, '{"a":', '1', '}') : JSON.stringify(value),
  })),
  ...TEXTS,
];
