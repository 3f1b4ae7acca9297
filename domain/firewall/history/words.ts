import { words } from '../text/word-list.ts';

/** Words of keys whose value is paid: accounts and people beside the destinations of a network. */
export const PAYEE_KEYS = words('recipient payee beneficiary iban account to wallet customer');
