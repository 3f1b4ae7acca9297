// A team's payload codec, as LETSPING_PAYLOAD_CODEC names it: it encodes everything, and throws for what it did not encode.
const ENCODING = 'binary/team';
const KEY = 0x5a;
const text = new TextEncoder();
const flipped = (bytes) => Uint8Array.from(bytes, (byte) => byte ^ KEY);

const outer = (payload) =>
  JSON.stringify({
    encoding: Buffer.from(payload.metadata.encoding).toString(),
    data: Buffer.from(payload.data ?? []).toString('base64'),
  });

export const codecs = [
  {
    encode: async (payloads) =>
      payloads.map((payload) => ({
        metadata: { encoding: text.encode(ENCODING) },
        data: flipped(text.encode(outer(payload))),
      })),
    decode: async (payloads) =>
      payloads.map(({ metadata, data }) => {
        const encoding = Buffer.from(metadata?.encoding ?? []).toString();
        if (encoding !== ENCODING) throw new Error(`refused: ${encoding}`);
        const inner = JSON.parse(Buffer.from(flipped(data)).toString());
        return { metadata: { encoding: text.encode(inner.encoding) }, data: Buffer.from(inner.data, 'base64') };
      }),
  },
];
