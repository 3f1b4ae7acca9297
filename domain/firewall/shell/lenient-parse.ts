/**
 * How a line that no shell parses may have been meant: it was copied from a page that sets quotation marks as in print, or that
 * writes `<file>` for what its reader fills in. A shell refuses such a line as a whole and runs nothing of it, so nobody is
 * harmed by reading it kindly; but a shell that is more lenient than the parser might run it. So every way to read it counts: with
 * the marks as quotes, and with nothing quoted at all. Of several lines the ones before the mistake do run: those are read
 * as they stand. The first reading is the one that hides nothing: a line that does not parse even so stays unread.
 */
export function lenientReadings(text: string): readonly string[] {
  if (text.includes('\n')) return [];
  const straight = text
    .replace(/[‘’‚‛]/g, "'")
    .replace(/[“”„‟]/g, '"')
    .replace(/<([a-zA-Z][\w-]{0,40})>/g, '$1');
  return straight === text ? [] : [straight.replace(/['"]/g, ' '), straight];
}
