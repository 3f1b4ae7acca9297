import { patchSentences } from '../../../domain/diff.ts';

const TYPING_MS = 150;

function sentencesOf(original: string, edited: string): { title: string; sentences: string[]; problem: boolean } {
  try {
    const patch: unknown = JSON.parse(edited);
    if (typeof patch !== 'object' || patch === null || Array.isArray(patch))
      return { title: 'The patch must be a JSON object.', sentences: [], problem: true };
    const sentences = patchSentences(JSON.parse(original), patch);
    return {
      title: sentences.length === 0 ? 'The patch changes nothing.' : 'What the patch changes:',
      sentences,
      problem: false,
    };
  } catch {
    return { title: 'The patch is not JSON yet.', sentences: [], problem: true };
  }
}

function element(name: string, text: string, className = ''): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

/** Shows the difference between the original and the typed payload, as the server computes it. Inserted as text, never as markup. */
export function previewPatches(): void {
  const field = document.querySelector<HTMLTextAreaElement>('#patched_payload');
  const original = document.querySelector('#original')?.textContent;
  const target = document.querySelector('#difference');
  if (!field || !target || typeof original !== 'string') return;
  let timer: number | undefined;
  const show = () => {
    const { title, sentences, problem } = sentencesOf(original, field.value);
    const list = element('ul', '');
    list.append(...sentences.map((sentence) => element('li', sentence)));
    target.replaceChildren(element('p', title, problem ? 'problem' : ''), ...(sentences.length > 0 ? [list] : []));
  };
  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = window.setTimeout(show, TYPING_MS);
  });
}
