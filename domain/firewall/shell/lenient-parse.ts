/**
 * Readings of a line that no shell parses because it was copied from a page with typographic quotation marks, or with `<file>`
 * as a placeholder. A shell refuses such a line and runs no part of it, so a lenient reading is safe. But a shell that is more
 * lenient than the parser might run it, so every reading counts: with the marks as quotes, and without quotes. In several lines,
 * those before the error do run, so they are read unchanged. The first reading hides nothing; a line that does not parse in
 * that reading stays unread.
 */
export function lenientReadings(text: string): readonly string[] {
  if (text.includes('\n')) return [];
  const straight = text
    .replace(/[‘’‚‛]/g, "'")
    .replace(/[“”„‟]/g, '"')
    .replace(/<([a-zA-Z][\w-]{0,40})>/g, '$1');
  return straight === text ? [] : [straight.replace(/['"]/g, ' '), straight];
}
