/** Terminal escape sequences: CSI, OSC and the like, and the two-character ones. */
const ESCAPES =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][\s\S]*?(?:\u0007|\u001b\\|$)|[ -/]*[0-~])|\u009b[0-?]*[ -/]*[@-~]/g;
/** Controls, and the characters that turn the direction of writing or have no width. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text of an agent as one line that cannot move the cursor, retitle the window or show other than it says. */
export function plainLine(text: string, maxLength = 200): string {
  const plain = text
    .replace(ESCAPES, '')
    .replace(/[\t\r\n]+/g, ' ')
    .replace(UNSEEN, '');
  const letters = [...plain];
  return letters.length > maxLength ? `${letters.slice(0, maxLength - 1).join('')}…` : plain;
}
