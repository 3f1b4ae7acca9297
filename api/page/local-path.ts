/** Where to go after signing in: a path of ours, or the inbox. Browsers read `//host`, `/\host` and `/<tab>/host` as another site. */
export function localPath(text: unknown): string {
  if (typeof text !== 'string' || text.length > 500 || !/^\/(?![/\\])[\x21-\x7e]*$/.test(text)) return '/';
  const url = new URL(text, 'http://here');
  return url.origin === 'http://here' && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}` : '/';
}
