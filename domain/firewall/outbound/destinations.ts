import { addressClassOf } from '../hosts/address.ts';
import { isPublicMail, registrableDomainOf } from '../hosts/host-names.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import type { TypedValue } from '../parsing/typed-values.ts';
import { keyWords, setsOf } from '../text/key-words.ts';

/** A place that an action sends something to. */
export interface Destination {
  pointer: string;
  /** The address, URL or name as sent. */
  raw: string;
  kind: 'email' | 'url' | 'name';
  host: string;
  /** What counts as one receiver: the registrable domain, or the whole address at a public mail provider. */
  receiver: string;
  /** Whether it stands in the field that says who the action is for. */
  primary: boolean;
}

const PRIMARY_WORDS = [
  'to',
  'recipient',
  'recipients',
  'receiver',
  'receivers',
  'attendees',
  'participants',
  'invitees',
];
const IS_PRIMARY: ReadonlySet<string> = new Set(PRIMARY_WORDS);

/** Words of keys that name a receiver. */
const DESTINATION = keyWords(
  PRIMARY_WORDS.concat(
    'cc bcc webhook webhooks hook hooks callback callbacks notify notification notifications forward forwarding redirect grantee grantees invite invitee subscriber subscribers postback sink collector upload dest destination destinations endpoint endpoints target targets share shared deliver delivery send reply mirror replicate export relay sinks watchers delegate delegates remote remotes drain drains smtp distribution collaborator collaborators proxy viewer viewers editor editors reader readers commenter commenters out output outputs backup'.split(
      ' ',
    ),
  ),
);

/** Words of keys that carry a receiver when the action itself sends. */
const CARRIER = keyWords(
  'email emails mail mails address addresses contact contacts user users member members url urls uri host hostname server'.split(
    ' ',
  ),
);
const SENDING_WORDS = new Set(
  'send mail email invite share forward notify post publish upload deliver transfer export grant sink relay remote replicate mirror backup stream ship'.split(
    ' ',
  ),
);

/** Words beside which a destination word is about the message, not about who gets it. */
const NOT_A_RECEIVER = keyWords([
  'subject',
  'body',
  'text',
  'message',
  'title',
  'description',
  'template',
  'content',
  'html',
  'name',
  'id',
  'at',
  'date',
  'type',
]);

/** Every place that the action sends to, in the order of the payload. */
export function destinationsOf(action: ParsedAction): readonly Destination[] {
  const before = FOUND.get(action.values);
  if (before) return before;
  const found = read(action);
  FOUND.set(action.values, found);
  return found;
}

/** Several guardrails ask of one action. */
const FOUND = new WeakMap<ParsedAction['values'], readonly Destination[]>();

function read(action: ParsedAction): Destination[] {
  const actionWords = [...action.words.service, ...action.words.action];
  const sends = actionWords.some((word) => SENDING_WORDS.has(word));
  const found: Destination[] = [];
  for (const value of action.values) {
    if (value.type !== 'url' && value.type !== 'email' && value.type !== 'domain') continue;
    const role = roleOf(value, sends);
    const destination = role && destinationOf(value, role === 'primary');
    if (destination) found.push(destination);
  }
  return found;
}

/** `on_complete: { post: URL }`. */
const EVENTS = new Set(
  'complete completion completed success failure fail error done finish finished event start end change update'.split(
    ' ',
  ),
);

function roleOf(value: TypedValue, sends: boolean): 'primary' | 'other' | undefined {
  const last = value.place.last;
  if (value.place.via.includes('query')) return undefined;
  const { sets } = value.place;
  if ((sets & NOT_A_RECEIVER) !== 0 && !last.includes('to')) return undefined;
  if (last.length > 0 && last.every((word) => IS_PRIMARY.has(word))) return 'primary';
  if ((sets & DESTINATION) !== 0 || value.place.words.some((words) => (setsOf(words) & DESTINATION) !== 0))
    return 'other';
  if (value.place.words.some(([first, second]) => first === 'on' && second !== undefined && EVENTS.has(second)))
    return 'other';
  // `{ type: 'forward', value: 'x@a.example' }`: the rule of a mailbox.
  const kind = value.place.owner?.['type'] ?? value.place.owner?.['action'];
  if (typeof kind === 'string' && /^(?:redirect|forward|copy|send|mirror|bcc)/i.test(kind) && last.length === 1)
    return 'other';
  // Deeper down, an address is more often part of what is sent.
  return sends && value.place.words.length === 1 && (sets & CARRIER) !== 0 ? 'other' : undefined;
}

function destinationOf(value: TypedValue, primary: boolean): Destination | undefined {
  if (value.type === 'email') {
    const receiver = isPublicMail(value.domain) ? value.address : registrableDomainOf(value.domain);
    return { pointer: value.place.pointer, raw: value.address, kind: 'email', host: value.domain, receiver, primary };
  }
  if (value.type === 'url' && value.url.host !== '') {
    // A mail address is read as one; mailto: has no host, and user parts are the egress guardrail's.
    const { host, raw } = value.url;
    return { pointer: value.place.pointer, raw, kind: 'url', host, receiver: receiverOf(host), primary };
  }
  if (value.type === 'domain' && isName(value.name)) {
    return {
      pointer: value.place.pointer,
      raw: value.raw,
      kind: 'name',
      host: value.name,
      receiver: receiverOf(value.name),
      primary,
    };
  }
  return undefined;
}

const receiverOf = (host: string): string => (addressClassOf(host) === undefined ? registrableDomainOf(host) : host);

/** A bare name counts only with an ending that no file has, `plan.xlsx` being one; reserved endings let examples behave. */
const isName = (name: string): boolean =>
  /^(?:[a-z0-9-]+\.)+(?:com|net|org|io|dev|app|co|ai|info|biz|me|xyz|test|example)$/.test(name);
