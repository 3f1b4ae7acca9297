const GATHER_MS = 200;
/** After a refresh, buttons are disabled for a moment: a click meant for the old content must not decide. */
const COOL_DOWN_MS = 700;
const EVENTS = [
  'approval_request.opened',
  'approval_request.held',
  'approval_request.patch_proposed',
  'approval_request.resolved',
  'approval_request.permit_changed',
  'approval_request.executed',
];

const main = (of: Document = document) => of.querySelector<HTMLElement>('main[data-kind]');

export function coolDown(): void {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>('button[data-decide]')];
  for (const button of buttons) button.disabled = true;
  setTimeout(() => {
    for (const button of buttons) button.disabled = false;
  }, COOL_DOWN_MS);
}

const holdsText = (shown: HTMLElement) =>
  shown.querySelector('details.patch[open]') !== null ||
  [...shown.querySelectorAll('textarea')].some((field) => field.value !== field.defaultValue);

/** Whether the newer state may replace the content: the form of a pending request may contain typed text. */
const differs = (shown: HTMLElement, newer: HTMLElement) =>
  shown.dataset['kind'] === 'inbox' ||
  shown.dataset['status'] !== newer.dataset['status'] ||
  newer.dataset['status'] !== 'pending' ||
  (shown.dataset['proposal'] !== newer.dataset['proposal'] && !holdsText(shown));

/** Fetches the page again, replaces the content, announces the change, and keeps the focus. */
async function refresh(arrive: () => void): Promise<void> {
  const shown = main();
  const self = shown?.dataset['self'];
  if (!shown || self === undefined) return;
  const answer = await fetch(self, { headers: { accept: 'text/html' } });
  if (!answer.ok) return;
  const fetched = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const newer = main(fetched);
  if (!newer || !differs(shown, newer)) return;
  const focused = shown.contains(document.activeElement) ? document.activeElement?.getAttribute('href') : undefined;
  shown.replaceWith(document.adoptNode(newer));
  document.title = fetched.title;
  const live = document.querySelector('#live');
  if (live) live.textContent = newer.dataset['announce'] ?? '';
  if (typeof focused === 'string') newer.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus();
  arrive();
}

/** Refreshes the page on events. `arrive` prepares new content. */
export function follow(arrive: () => void): void {
  const shown = main();
  if (!shown) return;
  let timer: number | undefined;
  const soon = () => {
    if (timer !== undefined) return;
    timer = window.setTimeout(() => {
      timer = undefined;
      refresh(arrive).catch(() => {}); // unavailable for now: the next event, or a reload, repeats it
    }, GATHER_MS);
  };
  const source = new EventSource('/api/events');
  for (const name of EVENTS) {
    source.addEventListener(name, (event) => {
      const { request_id } = JSON.parse((event as MessageEvent<string>).data) as { request_id: string };
      if (shown.dataset['kind'] === 'inbox' || request_id === shown.dataset['id']) soon();
    });
  }
  source.addEventListener('reset', (event) => {
    const { reason } = JSON.parse((event as MessageEvent<string>).data) as { reason?: string };
    if (reason === 'revoked')
      location.reload(); // shows the sign-in page
    else soon();
  });
  addEventListener('pagehide', () => source.close());
}
