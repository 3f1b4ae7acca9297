import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { afterAll, expect, test } from 'vitest';
import { temporalFailure } from '../../../runtime/temporal/errors.ts';
import { loadPayloadCodecs, tolerantCodec } from '../../../runtime/temporal/payload-codec.ts';

const STRICT = fileURLToPath(new URL('../../faults/strict-codec.mjs', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'letsping-codec-'));
afterAll(() => rmSync(dir, { recursive: true }));
const module = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const value = (of: unknown) => defaultPayloadConverter.toPayload(of);
const CODEC = '{ encode: async (payloads) => payloads, decode: async (payloads) => payloads }';

test('what a codec refuses is left as it is, and the values beside it are decoded', async () => {
  const [codec] = await loadPayloadCodecs(STRICT);
  const [first, second] = (await codec!.encode([value('a'), value({ b: 1 })])) as [Payload, Payload];
  expect(first.data).not.toEqual(value('a').data);
  const plain = value('plain');
  const foreign = { metadata: { encoding: new TextEncoder().encode('binary/team') }, data: new Uint8Array([1, 2]) };
  const read = await codec!.decode([first, plain, foreign, {}, second]);
  expect(read.slice(1, 4)).toEqual([plain, foreign, {}]);
  expect([read[0]!, read[4]!].map((payload) => defaultPayloadConverter.fromPayload(payload))).toEqual(['a', { b: 1 }]);
});

test('a codec that answers with nothing, several values or no promise changes nothing', async () => {
  const answers: unknown[] = [[], [value(1), value(2)], undefined, [undefined], 7];
  for (const answer of answers) {
    const codec = tolerantCodec({
      encode: async (all) => all,
      decode: (() => answer) as unknown as PayloadCodec['decode'],
    });
    expect(await codec.decode([value('a')])).toEqual([value('a')]);
  }
});

test('a codec that cannot encode makes Temporal unavailable: nothing was sent', async () => {
  const broken = tolerantCodec({
    encode: async () => {
      throw new Error('no key service');
    },
    decode: async (all) => all,
  });
  const error = await broken.encode([value('a')]).catch((thrown: unknown) => thrown);
  expect(temporalFailure(error)).toEqual({ kind: 'unavailable' });
  expect(temporalFailure(new Error('wrapped', { cause: error }))).toEqual({ kind: 'unavailable' });
});

test('a module may export one codec or several, as its default or by name, also from CommonJS', async () => {
  const counts = await Promise.all(
    [
      module('default.mjs', `export default ${CODEC};`),
      module('list.mjs', `export default [${CODEC}, ${CODEC}];`),
      module('codecs.mjs', `export const codecs = [${CODEC}, ${CODEC}];`),
      module('payload-codecs.mjs', `export const payloadCodecs = ${CODEC};`),
      module('named.cjs', `exports.codecs = [${CODEC}];`),
      module('whole.cjs', `module.exports = ${CODEC};`),
      module(
        'class.mjs',
        'class Codec { #n = 1; async encode(p) { return this.#n ? p : []; } async decode(p) { return p; } } export default new Codec();',
      ),
    ].map(async (file) => {
      const codecs = await loadPayloadCodecs(file);
      for (const codec of codecs) expect(await codec.encode([value(1)])).toEqual([value(1)]);
      return codecs.length;
    }),
  );
  expect(counts).toEqual([1, 2, 2, 1, 1, 1, 1]);
  expect(await loadPayloadCodecs(undefined)).toEqual([]);
});

test('a module without a codec, a broken one and a missing one are refused in one sentence', async () => {
  for (const [name, text] of [
    ['empty.mjs', ''],
    ['half.mjs', 'export default { encode: async (payloads) => payloads };'],
    ['mixed.mjs', `export const codecs = [${CODEC}, {}];`],
    ['none.mjs', 'export default [];'],
    ['class-itself.mjs', 'export default class Codec { encode() {} decode() {} }'],
  ] as const)
    await expect(loadPayloadCodecs(module(name, text)), name).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(
        /^LETSPING_PAYLOAD_CODEC names .*, which exports no codec: its default export, [^\n]*$/,
      ),
    });
  for (const file of [module('broken.mjs', 'export default {'), join(dir, 'missing.mjs')])
    await expect(loadPayloadCodecs(file)).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(
        /^LETSPING_PAYLOAD_CODEC names .*, which cannot be loaded \([^\n]*\): check the path/,
      ),
    });
});
