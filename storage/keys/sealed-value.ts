import { promisify } from 'node:util';
import { brotliCompress, brotliCompressSync, brotliDecompress, brotliDecompressSync, constants } from 'node:zlib';
import type { Serialized } from '../../contracts/thread.ts';
import { SealBroken, type SealContext, seal, unseal } from '../../crypto/envelope.ts';

/**
 * A row's sealed value: version(1) ‖ codec(1) ‖ sealed(length of type(1) ‖ type ‖ bytes). Compressed first, because ciphertext
 * does not compress. The codec is part of the context and the serializer's type is inside the seal, so that an attacker with write
 * access to the database cannot choose how bytes are decoded.
 */
const VERSION = 1;
const PLAIN = 0;
const BROTLI = 1;

const WORTH_COMPRESSING = 512;
/** Larger values are compressed off the event loop. */
const LARGE = 64 * 1024;
/** Limit of one unsealed value: the sealed bytes are authentic, but their writer may be hostile. */
const MAX_UNSEALED = 256 * 1024 * 1024;

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const limit = { maxOutputLength: MAX_UNSEALED };

export async function sealValue(key: Uint8Array, context: SealContext, { type, bytes }: Serialized): Promise<Buffer> {
  const name = Buffer.from(type, 'utf8');
  if (name.length > 255) throw new RangeError('the name of a serialized type may have at most 255 bytes');
  const plain = Buffer.concat([Uint8Array.of(name.length), name, bytes]);
  const codec = plain.length < WORTH_COMPRESSING ? PLAIN : BROTLI;
  const packed = codec === PLAIN ? plain : await compressed(plain);
  return Buffer.concat([Uint8Array.of(VERSION, codec), await seal(key, [...context, codec], packed)]);
}

/** @throws SealBroken, also for a row that is not sealed at all. */
export async function unsealValue(key: Uint8Array, context: SealContext, sealed: Uint8Array): Promise<Serialized> {
  const codec = sealed[1];
  if (sealed[0] !== VERSION || (codec !== PLAIN && codec !== BROTLI)) throw new SealBroken('not a sealed value');
  const packed = await unseal(key, [...context, codec], sealed.subarray(2));
  const plain = codec === PLAIN ? packed : await decompressed(packed);
  const end = 1 + (plain[0] ?? 0);
  return { type: Buffer.from(plain.subarray(1, end)).toString('utf8'), bytes: plain.subarray(end) };
}

const compressed = async (plain: Uint8Array): Promise<Uint8Array> =>
  plain.length < LARGE ? brotliCompressSync(plain, quality) : compress(plain, quality);

const decompressed = async (packed: Uint8Array): Promise<Uint8Array> =>
  packed.length < LARGE ? brotliDecompressSync(packed, limit) : decompress(packed, limit);
