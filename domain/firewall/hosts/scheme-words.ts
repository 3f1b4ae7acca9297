import { words } from '../text/word-list.ts';

/** The schemes whose authority the WHATWG parser canonicalises; any other is parsed again as if it were http. */
export const SPECIAL_SCHEMES = words('http https ws wss ftp');

/** Schemes that make a URL even without `//`, beside those. */
export const SCHEMES_WITHOUT_SLASHES = words('file data javascript vbscript view-source jar php mailto');

/** Schemes that read what is on this machine: one slash is enough. */
export const LOCAL_SCHEMES = words('netdoc unix npipe phar zip');
