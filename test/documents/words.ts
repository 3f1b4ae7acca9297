/** A command without its redirections, split as a shell would. */
export interface Command {
  /** `NAME=value` in front of it. */
  assignments: string[];
  words: string[];
}

/** Words between blanks; quotes group and disappear. A comment ends the line. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)) {
    if (word.startsWith('#')) break;
    words.push(word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''));
  }
  return words;
}

function commandOf(words: string[]): Command {
  const first = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  const at = first < 0 ? words.length : first;
  const redirection = words.findIndex((word) => /^\d?[<>]/.test(word));
  return { assignments: words.slice(0, at), words: words.slice(at, redirection < 0 ? undefined : redirection) };
}

/** The commands of one line: `a && b`, `a; b` and `a | b` are two. */
export const commandsOf = (line: string): Command[] => {
  const commands: string[][] = [[]];
  // Of `name=$(command)` the command counts.
  const plain = line.replace(/^\s*[A-Za-z_]\w*=\$\((.*)\)\s*(?:#.*)?$/, '$1');
  for (const word of wordsOf(plain.replace(/;(?=\s|$)/g, ' ; '))) {
    if (/^(?:&&|\|\||;|\|)$/.test(word)) commands.push([]);
    else commands.at(-1)!.push(word);
  }
  return commands.map(commandOf).filter(({ words }) => words.length > 0);
};

/** The commands of a shell script, with continued lines joined. */
export const commandsOfScript = (script: string): Command[] =>
  script
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap(commandsOf);
