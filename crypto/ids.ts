import { TypeID, typeid } from 'typeid-js';

export type IdPrefix = 'prj' | 'req' | 'dec' | 'key' | 'evt' | 'inc' | 'ses';

/** Creates an id: `req_` and 26 characters (TypeID, UUIDv7 in Crockford's base32). Ids sort by creation time. */
export const newId = (prefix: IdPrefix): string => typeid(prefix).toString();

/** The id of these 16 bytes, given as hex. */
export const idFrom = (prefix: IdPrefix, hex: string): string =>
  TypeID.fromUUIDBytes(prefix, Buffer.from(hex, 'hex')).toString();

const SUFFIX = '[0-7][0-9a-hjkmnp-tv-z]{25}';
const ID = new RegExp(`^[a-z]{3}_${SUFFIX}$`);

/** The form of an id, as the OpenAPI document states it. */
export const idPattern = (prefix: IdPrefix): string => `^${prefix}_${SUFFIX}$`;

/** Whether a text from outside has the form of an id. Otherwise it is unknown, and no query is needed. */
export const isId = (prefix: IdPrefix, text: string): boolean => text.startsWith(`${prefix}_`) && ID.test(text);
