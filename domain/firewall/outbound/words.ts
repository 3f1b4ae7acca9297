import { words } from '../text/word-list.ts';

/** Words of keys that say who an action is for. */
export const PRIMARY_WORDS = words('to recipient recipients receiver receivers attendees participants invitees');

/** Words of keys that name any other receiver. */
export const DESTINATION_WORDS = words(
  'cc bcc webhook webhooks hook hooks callback callbacks notify notification notifications forward forwarding redirect grantee grantees invite invitee subscriber subscribers postback sink collector upload dest destination destinations endpoint endpoints target targets share shared deliver delivery send reply mirror replicate export relay sinks watchers delegate delegates remote remotes drain drains smtp distribution collaborator collaborators proxy viewer viewers editor editors reader readers commenter commenters out output outputs backup',
);

/** Words of keys that carry a receiver when the action itself sends. */
export const CARRIER_WORDS = words(
  'email emails mail mails address addresses contact contacts user users member members url urls uri host hostname server',
);

/** Words of actions that send. */
export const SENDING_WORDS = words(
  'send mail email invite share forward notify post publish upload deliver transfer export grant sink relay remote replicate mirror backup stream ship',
);

/** Words beside which a destination word is about the message, not about who gets it. */
export const ABOUT_THE_MESSAGE = words(
  'subject body text message title description template content html name id at date type',
);

/** Events a callback waits for: `on_complete: { post: URL }`. */
export const EVENTS = words(
  'complete completion completed success failure fail error done finish finished event start end change update',
);

/** Endings by which a bare name is a host: no file has one of them. */
export const BARE_NAME_ENDINGS = words('com net org io dev app co ai info biz me xyz test example');

/** Kinds of a mailbox rule that send mail on: `{ type: "forward", value: … }`. */
export const FORWARDING_KINDS = words('redirect forward copy send mirror bcc');

/** Words of keys whose value is a receiver in any form: a name, an account, a number. */
export const RECEIVER_WORDS = words(
  'to cc bcc recipient recipients receiver receivers payee payees beneficiary beneficiaries invitee invitees attendee attendees participant participants guest guests grantee grantees assignee collaborator collaborators member members follower contact contacts iban wallet subscriber subscribers webhook callback forward destination dest payto',
);

/** Words that name a receiver when the action gives, adds, removes or writes to people. */
export const PERSON_WORDS = words(
  'user users username userid person people friend friends email emails mail phone account accounts handle',
);

/** Words that make a key speak of something beside the receiver. */
export const ASIDE_WORDS = words(
  'from source own my sender subject body text message content title note notes description type count date time at format mode status amount currency limit',
);

/** Verbs that give, add, remove or write to people. */
export const GIVING_VERBS = words(
  'send email mail message reply forward notify dm text sms invite add remove kick ban share grant give allow permit authorize transfer pay wire withdraw deposit refund connect follow assign contact call tell post',
);

/** Verbs that write to people who are reached by their bare name. */
export const WRITING_VERBS = words('message dm notify reply chat ping remind');

/** Words beside which a writing verb does more than write. */
export const MOVING_WORDS = words('money payment payments funds email mail invite add grant share transfer');

/** Endings of files, for an action that moves one. */
export const FILE_ENDINGS = words(
  'csv tsv xls xlsx doc docx ppt pptx pdf txt json yml yaml png jpg jpeg gif svg webp log htm html',
);

/** Words of keys that speak of sharing. */
export const SHARING_WORDS = words(
  'share shares sharing shared link visibility access permission permissions audience public publish publicly acl policy grantee grantees',
);

/** Actions about things that are somebody's until they are shared; a post or a playlist is public by nature. */
export const OWNED_THINGS = words(
  'share sharing permission permissions access file files doc docs document documents folder drive bucket dataset report reports export link links sheet spreadsheet notebook dashboard record records backup attachment upload',
);

/** Verbs that a request may delegate to a text ("do what the mail says"): all can be undone. */
export const DELEGATED_VERBS = words(
  'send email message dm notify reply post publish comment announce create add write draft append schedule reschedule update mark set',
);

/** Words of actions that a request never delegates. */
export const NEVER_DELEGATED = words(
  'delete remove cancel pay transfer refund wire withdraw money payment payments funds buy purchase sell trade grant give share invite execute run disable unlock password passwords permission permissions role roles credential credentials access',
);

/** Words of keys whose value is a host or a URL, whatever it looks like; a subset of the words that name a place to call. */
export const SURE_HOST_WORDS = words(
  'host hosts hostname url urls uri endpoint server webhook callback upstream proxy gateway',
);

/** Keys, their letters alone, of a path that a program joins to a base URL beside it. */
export const JOINED_PATH_KEYS = words('path pathname route resource suffix urlpath uripath requestpath');

/** Keys inside an object that names a place: `{ host: { name: … } }`. */
export const WRAPPED_HOST_KEYS = words('name value id fqdn dns address domain');
