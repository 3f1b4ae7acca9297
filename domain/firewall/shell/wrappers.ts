import type { ShellWord } from './script.ts';
import { commandName } from './tokenizer.ts';
import { WRAPPERS } from './words.ts';

/** Their options whose value is the next word. */
const TAKES_VALUE: Record<string, RegExp> = {
  sudo: /^-[ugpChTrtD]$/,
  doas: /^-[uC]$/,
  env: /^-[uCS]$/,
  nice: /^-n$/,
  ionice: /^-[cnp]$/,
  timeout: /^-[sk]$/,
  xargs: /^-[nPsLIEda]$/,
  parallel: /^-[jnI]$/,
  watch: /^-n$/,
  stdbuf: /^-[ioe]$/,
  strace: /^-[eop]$/,
  exec: /^-a$/,
};

/** Removes programs that only run another command. */
export function unwrapped(words: readonly ShellWord[]): { words: readonly ShellWord[]; wrapped: string | undefined } {
  let rest = words;
  let wrapped: string | undefined;
  for (let depth = 0; depth < 8 && WRAPPERS.has(commandName(rest[0])); depth += 1) {
    const wrapper = commandName(rest[0]);
    let at = 1;
    while (at < rest.length) {
      const text = rest[at]?.text ?? '';
      if (wrapper === 'env' && /^\w+=/.test(text)) at += 1;
      else if (/^-/.test(text)) at += TAKES_VALUE[wrapper]?.test(text) ? 2 : 1;
      else if (wrapper === 'timeout' && at === 1) at += 1;
      else if ((wrapper === 'chroot' || wrapper === 'flock') && at === 1) at += 1;
      else break;
    }
    if (at >= rest.length) return { words: rest, wrapped };
    wrapped = wrapper === 'parallel' ? 'xargs' : wrapper;
    rest = rest.slice(at);
  }
  return { words: rest, wrapped };
}
