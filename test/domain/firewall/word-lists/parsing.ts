import { CHANGING_VERBS } from '../../../../domain/firewall/parsing/words.ts';
import { foundIn } from '../screening.ts';
import type { Exercise } from './exercise.ts';
import { prevents, reports, UNTRUSTED } from './exercise.ts';

const RECEIVER = 'flow/unknown_receiver';

export const PARSING: Record<string, Exercise> = {
  HOST_WORDS: reports('egress/private', (word) => ({ [word]: '10.0.0.1' })),
  SCHEME_KEYS: reports('egress/private', (key) => ({ [key]: 'http', authority: '10.0.0.1' })),
  HOST_KEYS: reports('egress/scheme', (key) => ({ scheme: 'gopher', [key]: 'a.example' })),
  PATH_KEYS: prevents('egress/path', (key) => ({ scheme: 'http', host: 'a.example', [key]: '/open/x' }), {
    policy: { guardrails: [{ kind: 'egress', allowed_paths: ['/open'] }] },
  }),
  NAMING_KEYS: reports('privilege/admin_flag', (key) => ({ [key]: 'is_admin', value: true })),
  READING_VERBS: prevents(
    RECEIVER,
    () => ({ to: 'mallory' }),
    (verb) => ({ action: verb, context: UNTRUSTED }),
  ),
  VERB_KEYS: reports(RECEIVER, (key) => ({ [key]: 'delete', to: 'mallory' }), {
    action: 'get_it',
    context: UNTRUSTED,
  }),
};

/** An action of a verb, called for a task that says one word. */
const isUnasked = (verb: string, requested: string): boolean =>
  foundIn(
    { service: 'agent', action: `do_${verb}`, payload: {} },
    { untrusted: true, task: `Please ${requested}` },
  ).some((found) => found.startsWith('flow/unasked_action'));
const unlike = (a: string, b: string): boolean => !a.startsWith(b) && !b.startsWith(a);

/** Entries are `<group> <0: verb of an action, 1: stem of a request> <word>`. */
PARSING['CHANGING_VERBS'] = {
  has: (entry) => {
    const [group = '', side, word = ''] = entry.split(' ');
    const [verbs, stems] = CHANGING_VERBS[Number(group)]!;
    if (side === '0') return [...stems].some((stem) => unlike(word, stem) && !isUnasked(word, stem));
    return [...verbs].some((verb) => unlike(verb, word) && !isUnasked(verb, word));
  },
  placebo: '0 1 qqz',
};
