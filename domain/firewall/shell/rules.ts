import type { FindingTemplate } from '../finding.ts';
import { cloudOf } from './cloud.ts';
import { judgeControl } from './control.ts';
import { judgeDatabase } from './databases.ts';
import { judgeFiles } from './files.ts';
import { DELETES, HIDES, REMOTE_SHELL, SYSTEM_WRITE, template } from './findings.ts';
import { judgeNetwork } from './network.ts';
import { judgeOptions } from './options.ts';
import { climbsOut, isDevice, isHistoryPath, isStartupPath, isSystemPath } from './paths.ts';
import { judgeRights } from './rights.ts';
import type { ShellCommand, ShellWord } from './script.ts';
import { commandName } from './tokenizer.ts';
import { judgeWindows } from './windows.ts';

/** The findings of one command, with its words resolved and its wrappers removed. */
export function judgeCommand(
  words: readonly ShellWord[],
  command: ShellCommand,
  sql?: (text: string) => unknown,
): FindingTemplate[] {
  const name = commandName(words[0]);
  const found: FindingTemplate[] = [];
  const add = (one: FindingTemplate | false | undefined): void => {
    if (one) found.push(one);
  };
  for (const target of command.writes) {
    if (isDevice(target.text)) add(DELETES);
    else if (isHistoryPath(target.text)) add(HIDES);
    else if (isStartupPath(target.text) || isSystemPath(target.text)) add(SYSTEM_WRITE);
  }
  for (const word of words) {
    if (/\/dev\/(?:tcp|udp)\//.test(word.text)) add(REMOTE_SHELL);
    if (climbsOut(word.text))
      add(
        template(
          'path_climbs',
          'medium',
          'A path of this command climbs out of its folder towards the system or a home.',
        ),
      );
  }
  if ([...command.writes, ...command.reads].some((word) => /\/dev\/(?:tcp|udp)\//.test(word.text))) add(REMOTE_SHELL);
  add(judgeFiles(name, words, command));
  add(judgeRights(name, words, command));
  add(judgeNetwork(name, words, command));
  add(judgeControl(name, words));
  add(judgeOptions(name, words));
  add(judgeDatabase(name, words, command, sql));
  add(
    judgeWindows(
      name,
      words
        .slice(1)
        .map((word) => word.text)
        .join(' '),
    ),
  );
  add(
    cloudOf(
      name,
      words.map((word) => word.text),
    ),
  );
  return found;
}
