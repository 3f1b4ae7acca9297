import { createHash, createPublicKey, verify } from 'node:crypto';

/** RFC 8785, an independent implementation: members in the order of their UTF-16 units, everything else as by JSON.stringify. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, inner]) => inner !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`;
}

/** The salted digest of an action, as the documentation defines it. */
export const digestOf = (salt: string, action: { service: string; action: string; payload: unknown }): string =>
  `sha256:${createHash('sha256')
    .update(Buffer.from(salt, 'base64url'))
    .update(canonical({ service: action.service, action: action.action, payload: action.payload }))
    .digest('hex')}`;

export interface PublicJwk {
  kid: string;
  [name: string]: unknown;
}

/** The statement of a compact JWS; undefined if none of these keys signed it. */
export function openReceipt(jws: string, keys: PublicJwk[]): Record<string, any> | undefined {
  const [head = '', body = '', signature = ''] = jws.split('.');
  try {
    const { alg, kid, typ } = JSON.parse(Buffer.from(head, 'base64url').toString());
    const jwk = keys.find((key) => key.kid === kid);
    if (alg !== 'EdDSA' || typ !== 'approval-receipt+jws' || !jwk) return undefined;
    const key = createPublicKey({ key: jwk as never, format: 'jwk' });
    if (!verify(null, Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))) return undefined;
    const text = Buffer.from(body, 'base64url').toString('utf8');
    const statement = JSON.parse(text);
    return canonical(statement) === text ? statement : undefined;
  } catch {
    return undefined;
  }
}
