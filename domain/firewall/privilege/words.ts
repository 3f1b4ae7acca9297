import { words } from '../text/word-list.ts';

/** Names of administrators. */
export const ADMIN_WORDS = words(
  'admin admins administrator administrators superuser superusers superadmin sudo sudoer sudoers root owner god sysadmin masters wheel dba dbo owners',
);

/** Words that do not change the meaning of an admin word in a key: `is_admin`, `admin_override`. */
export const ADMIN_NEUTRAL = words(
  'x can service app application permit login promote promoted force to staff team group workspace project tenant company local domain db database server cluster cloud network is as has user users make set grant granted enable enabled mode flag access privilege privileges rights right role roles account super system site global org organization allow allowed be become run override bypass level permission permissions status full with use the by new default',
);

/** Words that bypass a rule; each counts only with a word for a protection, or alone where noted. */
export const LIFTING_WORDS = words(
  'override overrides overridden bypass bypassed skip skipped ignore ignored disable disabled force forced without suppress off omit exempt exempted waive waived',
);
export const PROTECTED_WORDS = words(
  'confirm csrf captcha dlp antivirus monitoring approver approvers reviewer grant grants privilege privileges approve admin policy policies check checks auth authentication authorization authorisation approval approvals permission permissions security limit limits validation verification verify mfa 2fa otp totp guard guards guardrail guardrails safety review reviews firewall access role roles rbac acl audit auditing sandbox ssl tls certificate cert signature compliance kyc aml fraud rule rules restriction restrictions control controls protection moderation confirmation consent hold human safeguard safeguards encryption logging',
);
export const LIFTING_ALONE = words('override bypass');

/** Protections that `false` disables, regardless of other words of the key. */
export const STRONG_PROTECTIONS = words(
  'mfa 2fa otp totp audit auditing rbac sandbox sandboxed guardrail guardrails firewall encryption encrypted',
);
export const WEAK_PROTECTIONS = words(
  'log logs logging approval approvals auth authentication authorization verification verify verified validation ssl tls certificate cert signature review reviews security safety policy protection protected confirmation consent moderation compliance permission permissions access check checks expiry expiration expires password limit limits limiting throttling csrf captcha dlp monitoring alerts alerting webauthn login antivirus sso saml allowlist whitelist waf edr',
);
export const ENABLING_WORDS = words(
  'strict enable enabled require required requires enforce enforced active on check checks verify validate needs needed must',
);
/** Protections that `false` disables if the key has no other words. */
export const ALONE_PROTECTIONS = words(
  'auth authentication authorization csrf captcha ssl tls dlp antivirus waf edr uac verify seccomp apparmor selinux isolation',
);
/** A last key that only enables the one before it. */
export const STATE_WORDS = words(
  'enable enabled value active on allow allowed grant granted flag state status required is set enforced',
);

/** A word that inverts a key, so that true is the safe value. */
export const NEGATIONS = words(
  'no non not never deny denied disallow revoke revoked remove removed prevent block blocked forbid without require required requires exclude excluded drop is_not un',
);

/** Words that mean no expiry. */
export const NEVER_WORDS = words('never no non without');

/** Protections that a key can negate: `no_mfa`, `without_approval`. */
export const MISSED_PROTECTIONS = words(
  'mfa 2fa otp auth authentication authorization approval approvals verify confirm verification validation review reviews confirmation limit limits restriction restrictions audit logging encryption sandbox checks guardrails firewall',
);
/** Words that may be combined with them. */
export const MISSED_BESIDE = words('check checks required needed policy control gate step human user manual rate any');
/** Words with which a key does not grant anything: `group_by`, `access_token`. */
export const NO_GRANT = words(
  'old previous prior former from drop dropped deny denied exclude excluded revoke revoked remove removed by count token tokens key secret url path note notes description reason date at label log notification notifications',
);

/** Keys of permissions. */
export const GRANT_WORDS = words(
  'permission permissions perm perms scope scopes action actions grant grants granted access role roles policy policies privilege privileges resource resources allow allowed acl acls entitlement entitlements capability capabilities right rights authority authorities principal principals iam operation operations verbs ability abilities can',
);
/** Keys of roles. */
export const ROLE_WORDS = words(
  'role roles rolename group groups membership memberships privilege privileges permission permissions perm perms grant grants access authority authorities clusterrole level scope scopes rights acl usertype tier team teams memberof flag flags',
);
/** Words that may be combined with an admin word in a role: `cluster-admin`, `Global Administrator`. */
export const ROLE_NEUTRAL = words(
  'super cluster system global org organization organisation site domain account tenant project billing role roles user users the workspace full access db database company security network cloud it server platform enterprise group groups team all and of kube predefined policy read write manage builtin built in',
);

/** Texts that enable a flag. */
export const GRANTING_VALUES = words('✓ ✔ true yes y on 1 enabled enable allow allowed granted t active full');
/** Texts that disable a flag. */
export const REFUSING_VALUES = words('false no n off 0 disabled disable none never denied f inactive');

/** Words of calls and keys with which an expiry is that of a credential. */
export const CREDENTIAL_WORDS = words(
  'token tokens key keys apikey credential credentials secret secrets password passwords session sessions access role roles permission permissions grant grants privilege privileges iam certificate share sharing',
);

/** Words that do not name what expires, unlike `cache` in `cache_ttl`. */
export const EXPIRY_WORDS = words(
  'expires expiry expiration ttl lifetime valid until in at on date time seconds minutes hours days years',
);

/** Texts that mean no expiry; more text may follow. */
export const NO_END_VALUES = words(
  'never none infinite infinity unlimited forever permanent perpetual eternal indefinite',
);

/** Keys of an access level, and the values of the highest level. */
export const HEIGHT_WORDS = words('privilege privileges access permission permissions');
export const HIGHEST_VALUES = words('max maximum highest');
/** Groups for which `all-…` means everything. */
export const ALL_OF_THEM = words(
  'tenants users accounts organizations organisations orgs projects workspaces customers environments repos repositories',
);
/** Names of administrator accounts. */
export const ADMIN_ACCOUNTS = words('root admin administrator sa system');
/** Values that permit everything, as one word. */
export const EVERYTHING_VALUES = words('all any everything everyone full fullaccess allusers unrestricted unlimited');
/** Rights that mean everything together with `all`: `write:all`. */
export const RIGHTS_OVER_ALL = words('write admin manage delete full delegate impersonate edit');
/** Words that `all` can refer to: `all-privileges`. */
export const ALL_RIGHTS = words('privileges permissions access rights actions resources scopes');

/** Further words of keys that the patterns of the privilege guardrail use. */
export const CONCERNED_WORDS = words(
  'new permit give full all unlimited unrestricted privileged elevated elevate escalate auto run become impersonate impersonated impersonates impersonating impersonation user username as factor expires type kind member switch subject insecure reject human unsafe dangerous dangerously lifetime ttl valid unset remove path behalf mode chmod timeout identity delegate by transfer preapproved pre safe to after',
);

/** Words of keys whose value is a path into an object. */
export const PATH_WORDS = words('path field key property prop attribute pointer from name target set');
