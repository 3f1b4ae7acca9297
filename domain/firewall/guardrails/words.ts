import { words } from '../text/word-list.ts';

/** Schemes that read local files, speak other protocols through a URL, or run script. */
export const HOSTILE_SCHEMES = words(
  'gopher file dict ldap ldaps tftp ftp ftps jar netdoc php phar expect glob zip javascript vbscript view-source http+unix https+unix unix npipe smb nfs chrome resource res mailbox mhtml blob filesystem intent telnet',
);

/** Words of keys whose value is called as a URL. */
export const URL_KEYS = words('url urls uri href link links endpoint src upstream proxy');

/** Schemes whose authority is a host; those of databases and stores name buckets and services there. */
export const HOST_SCHEMES = words('http https ws wss');

/** Words of keys whose value is an account that is paid. */
export const WALLET_KEYS = words(
  'wallet address to recipient payee beneficiary destination btc eth crypto account receiver payto',
);

/** Words of keys whose text a person is shown, whose client may fetch its links for a preview. */
export const SHOWN_KEYS = words('text message body content markdown html caption blocks');

/** Words of keys whose value becomes a header of a message. */
export const HEADER_KEYS = words('to cc bcc from subject reply recipient recipients email header headers');

/** Words of keys whose value is a page or a host that is fetched. */
export const FETCH_KEYS = words('url urls uri link href website site page domain host address endpoint');

/** How the words of a request start that asks for something from the web. */
export const WEB_STEMS = words(
  'web site article page link url http https www brows blog news post internet online read wiki download search find look research',
);

/** Words of keys and actions that concern what opens an account. */
export const ACCOUNT_WORDS = words(
  'password passwords passcode passphrase pin credential credentials secret 2fa mfa otp totp authentication recovery login apikey backup ssh token',
);

/** Verbs of actions that pay: a negative amount reverses the payment. */
export const PAYING_VERBS = words('pay refund transfer send withdraw charge reimburse wire payout purchase buy');

/** Verbs of actions that pay all that is left when the payload names no amount: a refund of a whole charge, a payout of a balance. */
export const WHOLE_PAYING_VERBS = words('refund refunds pay payout payouts reimburse withdraw');

/** Keys, their words joined, that name the type of a medium; so does any key with the word `mime`. */
export const MIME_KEYS = words('mimetype contenttype mediatype');

/** Endings by which a name in a text is a link, even without a scheme. */
export const LINK_ENDINGS = words('com net org io dev app co ai info biz me xyz site online link click top shop ru cn');
