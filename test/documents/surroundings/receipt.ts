import { LetsPing } from 'letsping-temporal';

/** A receipt of an approved request, with the issuer's keys and the payload. */
const lp = new LetsPing();
const asked = { service: 'billing-agent', action: 'refund_user', payload: { order: '1042', amount: 4900 } };
const decision = await lp.ask(asked);

export const receipt = decision.receipt!;
export const payload = asked.payload;
export const digest_salt = (await lp.getStatus(decision.request_id)).digest_salt;

const answer = await fetch(`${process.env['LETSPING_BASE_URL']}/.well-known/jwks.json`);
export const jwks = (await answer.json()) as { keys: JsonWebKey[] };
