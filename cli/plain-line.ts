import { INVISIBLE } from '../domain/invisible-characters.ts';

/** Terminal escape sequences: CSI, OSC and similar ones, and those of two characters. */
const ESCAPES =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][\s\S]*?(?:\u0007|\u001b\\|$)|[ -/]*[0-~])|\u009b[0-?]*[ -/]*[@-~]/g;

/** An agent's text as one line that cannot move the cursor, set the window's title or display a different text. */
export function plainLine(text: string, maxLength = 200): string {
  const plain = text
    .replace(ESCAPES, '')
    .replace(/[\t\r\n]+/g, ' ')
    .replace(INVISIBLE, '');
  const letters = [...plain];
  return letters.length > maxLength ? `${letters.slice(0, maxLength - 1).join('')}…` : plain;
}
