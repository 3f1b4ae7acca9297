import { typeid } from 'typeid-js';

export type IdPrefix = 'prj' | 'req' | 'dec' | 'key' | 'evt' | 'inc';

/** A new id, `req_` and 26 characters (TypeID: UUIDv7 in Crockford's base32): sorts by time of making. */
export const newId = (prefix: IdPrefix): string => typeid(prefix).toString();

const ID = /^[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** Whether a text from outside has the form of such an id: what has not is unknown without a look into the database. */
export const isId = (prefix: IdPrefix, text: string): boolean => text.startsWith(`${prefix}_`) && ID.test(text);
