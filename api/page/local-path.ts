/** The target after signing in: a path of this site, or the inbox. Browsers treat `//host`, `/\host` and `/<tab>/host` as other sites. */
export function localPath(text: unknown): string {
  if (typeof text !== 'string' || text.length > 500 || !/^\/(?![/\\])[\x21-\x7e]*$/.test(text)) return '/';
  const url = new URL(text, 'http://here');
  return url.origin === 'http://here' && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}` : '/';
}
