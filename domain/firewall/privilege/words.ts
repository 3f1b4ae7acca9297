import { unleet } from '../text/confusables.ts';

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** Who may do everything. */
export const ADMIN_WORDS = set(
  'admin admins administrator administrators superuser superusers superadmin sudo sudoer sudoers root owner god sysadmin masters wheel dba dbo owners',
);

/** Words that may stand beside an admin word in a key without changing what it says: `is_admin`, `admin_override`. */
export const ADMIN_NEUTRAL = set(
  'x can service app application permit login promote promoted force to staff team group workspace project tenant company local domain db database server cluster cloud network is as has user users make set grant granted enable enabled mode flag access privilege privileges rights right role roles account super system site global org organization allow allowed be become run override bypass level permission permissions status full with use the by new default',
);

/** Words that set a rule aside; each counts only with a word of what is protected, or alone where noted. */
export const LIFTING_WORDS = set(
  'override overrides overridden bypass bypassed skip skipped ignore ignored disable disabled force forced without suppress off omit exempt exempted waive waived',
);
export const PROTECTED_WORDS = set(
  'confirm csrf captcha dlp antivirus monitoring approver approvers reviewer grant grants privilege privileges approve admin policy policies check checks auth authentication authorization authorisation approval approvals permission permissions security limit limits validation verification verify mfa 2fa otp totp guard guards guardrail guardrails safety review reviews firewall access role roles rbac acl audit auditing sandbox ssl tls certificate cert signature compliance kyc aml fraud rule rules restriction restrictions control controls protection moderation confirmation consent hold human safeguard safeguards encryption logging',
);
export const LIFTING_ALONE = set('override bypass');

/** Protections that are off when false, whatever else the key says. */
export const STRONG_PROTECTIONS = set(
  'mfa 2fa otp totp audit auditing rbac sandbox sandboxed guardrail guardrails firewall encryption encrypted',
);
export const WEAK_PROTECTIONS = set(
  'log logs logging approval approvals auth authentication authorization verification verify verified validation ssl tls certificate cert signature review reviews security safety policy protection protected confirmation consent moderation compliance permission permissions access check checks expiry expiration expires password limit limits limiting throttling csrf captcha dlp monitoring alerts alerting webauthn login antivirus sso saml allowlist whitelist waf edr',
);
export const ENABLING_WORDS = set(
  'strict enable enabled require required requires enforce enforced active on check checks verify validate needs needed must',
);
/** Protections that are off when their own key says so, with nothing beside it. */
export const ALONE_PROTECTIONS = set(
  'auth authentication authorization csrf captcha ssl tls dlp antivirus waf edr uac verify seccomp apparmor selinux isolation',
);
/** A last key that only says whether the one before it holds. */
export const STATE_WORDS = set(
  'enable enabled value active on allow allowed grant granted flag state status required is set enforced',
);

/** A word that turns a key round, so that true is the careful answer. */
export const NEGATIONS = set(
  'no non not never deny denied disallow revoke revoked remove removed prevent block blocked forbid without require required requires exclude excluded drop is_not un',
);

/** Words that say of an end that there is none. */
export const NEVER_WORDS = set('never no non without');

/** Keys that say with one flag that everything is permitted, as their words joined by spaces. */
export const EVERYTHING_FLAG =
  /^(?:grant|allow|permit|give)(?: \w+)? (?:all|everything|any|anyone|everyone)(?: (?:access|permissions|privileges|rights|roles|scopes|users))?$|^(?:full|all) (?:access|control|permissions|privileges|rights)$|^(?:unlimited|unrestricted)(?: access)?$/;
/** Protections whose absence a key can announce: `no_mfa`, `without_approval`. */
export const MISSED_PROTECTIONS = set(
  'mfa 2fa otp auth authentication authorization approval approvals verify confirm verification validation review reviews confirmation limit limits restriction restrictions audit logging encryption sandbox checks guardrails firewall',
);
/** Words that may stand beside them. */
export const MISSED_BESIDE = set('check checks required needed policy control gate step human user manual rate any');
/** Words beside which a key is about a grant and gives none: `group_by`, `access_token`. */
export const NO_GRANT = set(
  'old previous prior former from drop dropped deny denied exclude excluded revoke revoked remove removed by count token tokens key secret url path note notes description reason date at label log notification notifications',
);

/** Keys under which a value says what somebody may do. */
export const GRANT_WORDS = set(
  'permission permissions perm perms scope scopes action actions grant grants granted access role roles policy policies privilege privileges resource resources allow allowed acl acls entitlement entitlements capability capabilities right rights authority authorities principal principals iam operation operations verbs ability abilities can',
);
/** Keys under which a value says who somebody is. */
export const ROLE_WORDS = set(
  'role roles rolename group groups membership memberships privilege privileges permission permissions perm perms grant grants access authority authorities clusterrole level scope scopes rights acl usertype tier team teams memberof flag flags',
);
/** Words that may stand beside an admin word in a role: `cluster-admin`, `Global Administrator`. */
export const ROLE_NEUTRAL = set(
  'super cluster system global org organization organisation site domain account tenant project billing role roles user users the workspace full access db database company security network cloud it server platform enterprise group groups team all and of kube predefined policy read write manage builtin built in',
);

const GRANTING = set('✓ ✔ true yes y on 1 enabled enable allow allowed granted t active full');
const REFUSING = set('false no n off 0 disabled disable none never denied f inactive');

/** Whether a value switches a flag on: `true`, 1, and the strings that stand for them. */
export function isGranting(value: unknown): boolean {
  return value === true || value === 1 || (typeof value === 'string' && GRANTING.has(value.trim().toLowerCase()));
}

/** Whether a value switches a protection off. */
export function isRefusing(value: unknown): boolean {
  return value === false || value === 0 || (typeof value === 'string' && REFUSING.has(value.trim().toLowerCase()));
}

/** Whether the words of a value name a role that may do everything, leet spellings undone. */
export function namesAdmin(words: readonly string[]): boolean {
  const plain = words.map((word) => (ROLE_NEUTRAL.has(word) ? word : unleet(word)));
  // `hr-admin` administers less than everything, and still makes others what they are.
  if (plain.length <= 4 && plain.at(-1) === 'admin') return !plain.some((word) => NEGATIONS.has(word));
  return (
    plain.some((word) => ADMIN_WORDS.has(word)) &&
    plain.every((word) => ADMIN_WORDS.has(word) || ROLE_NEUTRAL.has(word))
  );
}

/** The objects of a store below one prefix. */
const BELOW_ONE_PREFIX = /^arn:[a-z-]{1,20}:s3:::[^*?:/]{1,63}(?:\/[^*?:/]{1,100}){1,10}\/\*$/i;
/** The objects of one store: as much as a task is given that says what it does with them. */
export const OBJECTS_OF_ONE_BUCKET = /^arn:[a-z-]{1,20}:s3:::[^*?:/]{1,63}\/\*$/i;

/** How far a value reaches when it says what is permitted; undefined when it is no wildcard. */
export function wildcardOf(text: string): 'everything' | 'all_of_one' | 'word' | undefined {
  const plain = text.replace(/\s+/g, '');
  if (plain.length > 200 || plain === '') return undefined;
  if (/^[*%.:/|,?+^$()]+$/.test(plain) && /[*%]|\.\+/.test(plain)) return 'everything';
  if (/^\^?\[[^\]]{1,20}\][*+]\$?$/.test(plain)) return 'everything';
  if (BELOW_ONE_PREFIX.test(plain)) return undefined;
  if (
    /^[a-z0-9_.-]+[:./]\*(?:[:./]\*)*$/i.test(plain) ||
    /^\*[:./][a-z0-9_-]+$/i.test(plain) ||
    /^[a-z0-9_.-]+:(?:all|any|\*):\*$/i.test(plain) ||
    /^arn:[^\s]*[:/]\*$/i.test(plain)
  ) {
    return 'all_of_one';
  }
  return /^(?:all|any|everything|everyone|full|fullaccess|full[_ -]?control|full[_-]access|all[_-]?(?:privileges|permissions|access|rights|actions|resources|scopes)|(?:write|admin|manage|delete|full|delegate|impersonate|edit)[:._-]all|(?:all|any)[:._-](?:all|any)|allusers|unrestricted|unlimited)$/i.test(
    plain,
  )
    ? 'word'
    : undefined;
}
