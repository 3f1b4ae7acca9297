import { words } from '../text/word-list.ts';

/** Words of keys whose value is an amount of money, whatever it looks like. */
export const SURE_AMOUNT_KEYS = words('amount amounts total sum price cost fee fare balance');

/** Words of keys whose value is an amount of money, or a name of what is paid. */
export const AMOUNT_KEYS = words(
  'amount amounts total sum price cost fee refund payment charge value fare balance tip',
);

/** Words beside which it is something about an amount. */
export const ABOUT_AMOUNTS = words(
  'id count number type name date percent percentage rate currency method status reason ref reference',
);

/** Words of members that name a currency. */
export const CURRENCY_KEYS = words('currency ccy');
