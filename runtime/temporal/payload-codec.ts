import { pathToFileURL } from 'node:url';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { ConfigError } from '../config.ts';

/** A codec could not encode a value of ours: for one, because its key service is away. Nothing was sent. */
export class PayloadCodecFailed extends Error {
  override readonly name = 'PayloadCodecFailed';
}

type WithContext = (payloads: Payload[], ...context: unknown[]) => Promise<Payload[]>;

/**
 * A team's codec, which decodes payload by payload and leaves alone what it refuses. The worker decodes outside of the sandbox, where one
 * value that makes a codec throw would fail every workflow task: a plain Signal, or one that was encrypted with another key. What is
 * left as it was, the payload converter reads or gives as unreadable.
 */
export const tolerantCodec = (codec: PayloadCodec): PayloadCodec => {
  const [encode, decode] = [codec.encode.bind(codec) as WithContext, codec.decode.bind(codec) as WithContext];
  const decoded = async (payload: Payload, context: unknown[]): Promise<Payload> => {
    try {
      const [one, ...more] = await decode([payload], ...context);
      return one && more.length === 0 ? one : payload;
    } catch {
      return payload;
    }
  };
  return {
    async encode(payloads: Payload[], ...context: unknown[]) {
      try {
        return await encode(payloads, ...context);
      } catch (cause) {
        throw new PayloadCodecFailed('the payload codec refused a value of ours', { cause });
      }
    },
    decode: (payloads: Payload[], ...context: unknown[]) =>
      Promise.all(payloads.map((payload) => decoded(payload, context))),
  };
};

const isCodec = (value: unknown): value is PayloadCodec =>
  typeof value === 'object' &&
  value !== null &&
  (['encode', 'decode'] as const).every((name) => typeof (value as Record<string, unknown>)[name] === 'function');

const NAMES = ['payloadCodecs', 'codecs', 'default'] as const;

/** The codecs that a module exports. A CommonJS module has them in its default export. */
function codecsOf(exported: unknown): PayloadCodec[] | undefined {
  const list = Array.isArray(exported) ? exported : [exported];
  if (list.length > 0 && list.every(isCodec)) return list;
  if (typeof exported !== 'object' || exported === null || Array.isArray(exported)) return undefined;
  for (const name of NAMES) {
    const found = codecsOf((exported as Record<string, unknown>)[name]);
    if (found) return found;
  }
  return undefined;
}

const refused = (file: string, why: string) => new ConfigError(`LETSPING_PAYLOAD_CODEC names ${file}, ${why}`);

/**
 * The codecs of a team's module, tolerant. Without a module there are none.
 * @throws ConfigError
 */
export async function loadPayloadCodecs(file: string | undefined): Promise<PayloadCodec[]> {
  if (file === undefined) return [];
  const loaded: unknown = await import(pathToFileURL(file).href).catch((error: Error) => {
    throw refused(file, `which cannot be loaded (${error.message.split('\n')[0]}): check the path and what it imports`);
  });
  const codecs = codecsOf(loaded);
  if (!codecs)
    throw refused(
      file,
      'which exports no codec: its default export, or one named codecs, must be a PayloadCodec or a list of them',
    );
  return codecs.map(tolerantCodec);
}
