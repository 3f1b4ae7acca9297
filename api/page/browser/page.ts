import { relative } from '../relative.ts';
import { coolDown, follow } from './live.ts';
import { previewPatches } from './patch.ts';

/** The page works without this script. It adds live updates, the difference of a patch during typing, and relative times. */

const CLOCK_MS = 15_000;

function tick(): void {
  for (const time of document.querySelectorAll<HTMLTimeElement>('time[data-relative]')) {
    time.textContent = relative(time.dateTime, Date.now());
    time.title = new Date(time.dateTime).toLocaleString();
  }
}

function arrive(): void {
  tick();
  coolDown();
  previewPatches();
}

/** Ignores the second click of a double click. */
document.addEventListener('submit', (event) => {
  const form = event.target as HTMLFormElement;
  if (form.dataset['sent'] !== undefined) event.preventDefault();
  form.dataset['sent'] = '';
});
addEventListener('pageshow', () => {
  for (const form of document.forms) delete form.dataset['sent'];
});

setInterval(tick, CLOCK_MS);
arrive();
follow(arrive);
