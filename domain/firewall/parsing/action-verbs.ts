import type { ParsedAction } from './parsed-action.ts';

export const list = (words: string): readonly string[] => words.split(' ');

/** Verbs that leave everything as it was. */
const READS = new Set(
  list(
    'get gets list lists read reads search searches find finds view views show shows fetch fetches check checks look lookup retrieve query browse describe count calculate compute analyze analyse summarize summarise estimate compare inspect explain predict convert translate parse rank sort filter detect classify monitor track watch scan preview navigate visit access load scrape crawl ask think reason is has display obtain recommend identify determine evaluate measure forecast total sum diff cat ls pwd grep head tail wc du stat help ping review simulate current',
  ),
);

/**
 * Verbs that change something outside, in groups of what a person may say for them. The first list holds verbs of
 * actions, the second the stems a request would use; a stem also stands for its endings.
 */
const GROUPS: readonly (readonly [verbs: readonly string[], asked: readonly string[]])[] = [
  [
    list(
      'send email mail message reply forward notify dm text sms fax ping alert remind respond tell contact call dial',
    ),
    list(
      'send sent email e-mail mail messag reply repli forward notif dm text tell inform let share contact respond answer ask remind writ report pass call post publish announc',
    ),
  ],
  [
    list('post publish tweet announce comment broadcast retweet upload submit push blog'),
    list('post publish tweet announc comment broadcast retweet upload submit push shar put writ writ send sent'),
  ],
  [
    list('pay transfer refund reimburse wire withdraw deposit donate tip settle remit money payment payments funds'),
    list(
      'pay paid transfer refund reimburs wir withdraw deposit donat tip settl remit send sent money split return bill invoic',
    ),
  ],
  [
    list('buy purchase order checkout subscribe sell trade invest exchange swap bid'),
    list('buy bought purchas order checkout subscri sell trad invest exchang swap bid get'),
  ],
  [
    list(
      'update change modify edit set adjust rename alter amend correct replace patch move reschedule reset configure manage assign mark toggle switch adjust increase decrease append write put save control navigate_to',
    ),
    list(
      'updat chang modif edit set adjust renam alter amend correct replac patch mov reschedul reset configur manag assign mark toggl switch increas decreas append writ sav fix turn mak control add',
    ),
  ],
  [
    list('create add make new insert generate register open start draft build compose record upload schedule plan'),
    list(
      'creat add mak new insert generat register open start draft build compos record schedul plan set put writ prepar organi arrang book invit sign',
    ),
  ],
  [
    list(
      'delete remove cancel clear drop erase destroy purge wipe revoke unsubscribe uninstall terminate kick ban leave close deactivate disable archive trash unfollow unfriend block stop kill reject dismiss',
    ),
    list(
      'delet remov cancel clear clean drop eras destroy purg wip revok unsubscrib uninstall terminat kick ban leav clos deactivat disabl archiv trash unfollow unfriend block stop kill reject dismiss',
    ),
  ],
  [
    list('invite join enroll onboard admit follow friend connect'),
    list('invit join enrol onboard admit follow friend connect add'),
  ],
  [
    list('share grant give allow permit authorize authorise approve expose link unlock enable publish provide'),
    list('shar grant giv allow permit authori approv expos link unlock enabl provid access let invit send'),
  ],
  [list('book reserve rent hire'), list('book reserv reserv rent hir schedul')],
  [list('schedule reschedule'), list('schedul reschedul plan book arrang set')],
  [
    list(
      'execute run launch start trigger deploy restart boot install download import sync backup restore migrate apply shutdown reboot',
    ),
    list(
      'execut run launch start trigger deploy restart boot install download import sync backup restor migrat appl command script',
    ),
  ],
  [list('lock arm disarm turn activate'), list('lock arm disarm turn activat switch')],
];

export const STEMS_OF = new Map<string, string[]>();
for (const [verbs, asked] of GROUPS)
  for (const verb of verbs) STEMS_OF.set(verb, [...(STEMS_OF.get(verb) ?? []), ...asked]);

/** Members of a payload whose value is a verb: `{ operation: 'delete' }`, `{ method: 'POST' }`. */
const VERB_KEYS = new Set(['action', 'operation', 'op', 'verb', 'method', 'mode', 'command', 'cmd', 'intent']);
const MAX_VERB_KEY = 9;
const METHODS: Record<string, string> = {
  get: 'get',
  head: 'get',
  options: 'get',
  post: 'post',
  put: 'update',
  patch: 'update',
};

export interface Verbs {
  /** False only for what names say is a mere look. */
  readonly changes: boolean;
  /** The verbs that change something; empty when the action's name has none that is known. */
  readonly verbs: readonly string[];
}

/** What an action does, from the words of its name, and of its operation where the payload names one. */
export function verbsOf(action: ParsedAction): Verbs {
  const before = FOUND.get(action.values);
  if (before) return before;
  const verbs = read(action);
  FOUND.set(action.values, verbs);
  return verbs;
}

/** Several guardrails ask of one action. */
const FOUND = new WeakMap<ParsedAction['values'], Verbs>();

function read(action: ParsedAction): Verbs {
  const { action: words } = action.words;
  const own: string[] = [];
  for (const key of Object.keys(action.payload)) {
    if (key.length > MAX_VERB_KEY || !VERB_KEYS.has(key.toLowerCase())) continue;
    const value = action.payload[key];
    if (typeof value !== 'string' || value.length > 30) continue;
    const verb = value.trim().toLowerCase();
    own.push(METHODS[verb] ?? verb);
  }
  const named = own.filter((verb) => READS.has(verb) || STEMS_OF.has(verb));
  if (named.length > 0) {
    const changing = named.filter((verb) => STEMS_OF.has(verb));
    return changing.length > 0 ? { changes: true, verbs: changing } : { changes: false, verbs: [] };
  }
  const first = words[0] ?? '';
  if (READS.has(first)) return { changes: false, verbs: [] };
  const verbs = words.filter((word) => STEMS_OF.has(word));
  if (verbs.length > 0) return { changes: true, verbs };
  return { changes: !words.some((word) => READS.has(word)), verbs: [] };
}
