import { type ShellCommand, wordsFrom } from './script.ts';
import { commandName } from './tokenizer.ts';

/** The output of `echo` and `printf` in a pipe. */
export function echoedInput(fedBy: ShellCommand['fedBy']): string | undefined {
  const feeder = fedBy.at(-1) as
    | { name?: Parameters<typeof wordsFrom>[0]; suffix?: readonly Parameters<typeof wordsFrom>[0][] }
    | undefined;
  if (!feeder?.name || !/^(?:echo|printf)$/.test(commandName(wordsFrom(feeder.name, new Map())[0]))) return undefined;
  const words = (feeder.suffix ?? [])
    .filter((word) => word.type === 'Word')
    .flatMap((word) => wordsFrom(word, new Map()));
  return words
    .map((word) => word.text)
    .filter((text) => !/^-[neE]+$/.test(text))
    .join(' ');
}

/** The literal output of a single `echo`, without parts that are known only at run time. */
export function literallyFed(fedBy: ShellCommand['fedBy']): string | undefined {
  const text = fedBy.length === 1 ? echoedInput(fedBy) : undefined;
  return text === undefined || /[\\$`%]/.test(text) ? undefined : text;
}

/** Whether a pipe contains only unchanged local files, so that running it runs these files. */
export function carriesFiles(fedBy: ShellCommand['fedBy']): boolean {
  const feeder = fedBy[0] as
    | { name?: { text?: string }; suffix?: readonly { type: string; text?: string }[] }
    | undefined;
  const files = feeder?.suffix ?? [];
  return (
    fedBy.length === 1 &&
    feeder?.name?.text === 'cat' &&
    files.length > 0 &&
    files.every(
      ({ type, text = '' }) => type === 'Word' && /^[\w./-]+$/.test(text) && !/^-|^\/(?:dev|proc)\//.test(text),
    )
  );
}

/** The name of the command whose output is the input. */
export function commandNames(node: { type: string; name?: unknown; suffix?: unknown }): string[] {
  if (node.type !== 'Command') return [node.type];
  const word = (node as { name?: Parameters<typeof wordsFrom>[0] }).name;
  if (!word) return [];
  const name = commandName(wordsFrom(word, new Map())[0]);
  return [name];
}
