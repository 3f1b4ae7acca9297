import { words } from '../text/word-list.ts';

/** Verbs that change nothing. */
export const READING_VERBS = words(
  'get gets list lists read reads search searches find finds view views show shows fetch fetches check checks look lookup retrieve query browse describe count calculate compute analyze analyse summarize summarise estimate compare inspect explain predict convert translate parse rank sort filter detect classify monitor track watch scan preview navigate visit access load scrape crawl ask think reason is has display obtain recommend identify determine evaluate measure forecast total sum diff cat ls pwd grep head tail wc du stat help ping review simulate current',
);

/**
 * Verbs that change something outside, in groups of synonyms. The first list has verbs of actions, the second the stems that a
 * request may use; a stem also matches its endings.
 */
export const CHANGING_VERBS: readonly (readonly [verbs: ReadonlySet<string>, requested: ReadonlySet<string>])[] = [
  [
    words(
      'send email mail message reply forward notify dm text sms fax ping alert remind respond tell contact call dial',
    ),
    words(
      'send sent email mail messag reply repli forward notif dm text tell inform let share contact respond answer ask remind writ report pass call post publish announc',
    ),
  ],
  [
    words('post publish tweet announce comment broadcast retweet upload submit push blog'),
    words('post publish tweet announc comment broadcast retweet upload submit push shar put writ send sent'),
  ],
  [
    words('pay transfer refund reimburse wire withdraw deposit donate tip settle remit money payment payments funds'),
    words(
      'pay paid transfer refund reimburs wir withdraw deposit donat tip settl remit send sent money split return bill invoic',
    ),
  ],
  [
    words('buy purchase order checkout subscribe sell trade invest exchange swap bid'),
    words('buy bought purchas order checkout subscri sell trad invest exchang swap bid get'),
  ],
  [
    words(
      'update change modify edit set adjust rename alter amend correct replace patch move reschedule reset configure manage assign mark toggle switch increase decrease append write put save control',
    ),
    words(
      'updat chang modif edit set adjust renam alter amend correct replac patch mov reschedul reset configur manag assign mark toggl switch increas decreas append writ sav fix turn mak control add',
    ),
  ],
  [
    words('create add make new insert generate register open start draft build compose record upload schedule plan'),
    words(
      'creat add mak new insert generat register open start draft build compos record schedul plan set put writ prepar organi arrang book invit sign',
    ),
  ],
  [
    words(
      'delete remove cancel clear drop erase destroy purge wipe revoke unsubscribe uninstall terminate kick ban leave close deactivate disable archive trash unfollow unfriend block stop kill reject dismiss',
    ),
    words(
      'delet remov cancel clear clean drop eras destroy purg wip revok unsubscrib uninstall terminat kick ban leav clos deactivat disabl archiv trash unfollow unfriend block stop kill reject dismiss',
    ),
  ],
  [
    words('invite join enroll onboard admit follow friend connect'),
    words('invit join enrol onboard admit follow friend connect add'),
  ],
  [
    words('share grant give allow permit authorize authorise approve expose link unlock enable publish provide'),
    words('shar grant giv allow permit authori approv expos link unlock enabl provid access let invit send'),
  ],
  [words('book reserve rent hire'), words('book reserv rent hir schedul')],
  [words('schedule reschedule'), words('schedul reschedul plan book arrang set')],
  [
    words(
      'execute run launch start trigger deploy restart boot install download import sync backup restore migrate apply shutdown reboot',
    ),
    words(
      'execut run launch start trigger deploy restart boot install download import sync backup restor migrat appl command script',
    ),
  ],
  [words('lock arm disarm turn activate'), words('lock arm disarm turn activat switch')],
];

/** Members of a payload whose value is a verb: `{ operation: 'delete' }`, `{ method: 'POST' }`. */
export const VERB_KEYS = words('action operation op verb method mode command cmd intent');

/** Words of keys whose value names a place to call, with or without a scheme. */
export const HOST_WORDS = words(
  'host hosts hostname url urls uri endpoint server address addr ip origin target proxy link href src upstream webhook callback remote base peer node gateway domain',
);

/** Members that hold the scheme of a URL in parts. */
export const SCHEME_KEYS = words('scheme protocol proto');

/** Members that hold its host. */
export const HOST_KEYS = words('host hostname server domain ip address authority');

/** Members that hold its path. */
export const PATH_KEYS = words('path pathname uri');

/** Members that name the key of a sibling `value`. */
export const NAMING_KEYS = words('path key name field attribute property claim setting');
