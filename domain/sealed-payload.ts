import type { JsonObject } from '../contracts/json.ts';

/** The member that marks a payload which the client encrypted under a key of its own: `{ _lp_enc: true, iv, ct }`. */
export const SEALED_MEMBER = '_lp_enc';

/** Whether only the holder of the client's key can read the payload. Neither firewall nor approver can. */
export const isSealedPayload = (payload: JsonObject): boolean => Object.hasOwn(payload, SEALED_MEMBER);
