import { urlsInText } from '../hosts/url.ts';
import type { ShellCommand } from './script.ts';
import { commandName } from './tokenizer.ts';
import { FILE_RUNNERS } from './words.ts';
import { unwrapped } from './wrappers.ts';

/** Whether a script runs a file, or makes one executable, that it downloaded from an unlisted host. */
export function runsDownload(commands: readonly ShellCommand[], allowedHost: (host: string) => boolean): boolean {
  const fetched = new Set<string>();
  for (const command of commands) {
    const { words } = unwrapped(command.words);
    const name = commandName(words[0]);
    const texts = words.map((word) => word.text);
    if (name === 'curl' || name === 'wget' || name === 'aria2c' || name === 'fetch') {
      const urls = urlsInText(texts.join(' '));
      if (urls.length > 0 && urls.every((url) => url.host !== '' && allowedHost(url.host))) continue;
      for (const file of filesOf(name, texts, command)) fetched.add(plain(file));
      continue;
    }
    if (fetched.size === 0) continue;
    if (fetched.has(plain(texts[0] ?? ''))) return true;
    // A shell runs its input.
    if (name === 'cat' && texts.slice(1).some((text) => fetched.has(plain(text)))) return true;
    // Making it executable counts as running it; `chmod 644` does not.
    if (
      name === 'chmod' &&
      !/^[0-7]*[0246][0-7]{2}$|^[ugoa]*[-=+][rw]+$/.test(texts[1] ?? '') &&
      texts.slice(2).some((text) => fetched.has(plain(text)))
    )
      return true;
    if (FILE_RUNNERS.has(name) && texts.slice(1).some((text) => fetched.has(plain(text)))) return true;
  }
  return false;
}

const plain = (path: string): string => path.replace(/^\.\//, '');

/** The file of a download: an option's argument, the target of a redirect, or the name in the URL. */
function filesOf(name: string, texts: readonly string[], command: ShellCommand): string[] {
  const files = command.writes.map((word) => word.text);
  let named = false;
  for (const [at, text] of texts.entries()) {
    const joined = /^--output(?:-document)?=(.+)$/.exec(text)?.[1] ?? /^-[oO](?!-?$)(.+)$/.exec(text)?.[1];
    const option = name === 'curl' ? /^(?:-\w*o|--output)$/ : /^(?:-\w*O|--output-document|-o)$/;
    if (joined !== undefined) files.push(joined);
    else if (option.test(text)) files.push(texts[at + 1] ?? '');
    else if (name === 'curl' && /^-\w*O|^--remote-name/.test(text)) named = true;
  }
  if (files.length === 0 && (named || name !== 'curl'))
    for (const text of texts.slice(1))
      if (/^\w+:\/\/|\//.test(text))
        files.push(
          text
            .replace(/[?#].*$/, '')
            .split('/')
            .at(-1) ?? '',
        );
  return files.filter((file) => file !== '' && file !== '-' && file !== '/dev/null');
}
