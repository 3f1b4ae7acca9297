/** Opens a one-time link at `url`, as a browser does: the cookie that it gets, and the fields of the form. */
export async function openedLink(
  url: string,
  once: string,
): Promise<{ cookie: string; fields: { once: string; opened: string } }> {
  const shown = await fetch(`${url}/login?once=${once}`);
  const cookie = shown.headers.getSetCookie().find((text) => /^(?:__Host-)?letsping-link=/.test(text));
  const opened = /name="opened" value="([^"]+)"/.exec(await shown.text())?.[1];
  return { cookie: cookie?.split(';')[0] ?? '', fields: { once, opened: opened ?? '' } };
}
