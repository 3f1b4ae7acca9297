import { words } from '../text/word-list.ts';

/** Words of actions that work on infrastructure. */
export const INFRASTRUCTURE_WORDS = words(
  'aws gcp azure cloud terraform tofu pulumi cloudformation k8s kubernetes kube infra infrastructure devops cluster iam s3 ec2 rds lambda vpc ansible helm hcl tf',
);

/** Words of keys whose value names the call that is made. */
export const CALL_KEYS = words('api operation call method event action command verb request name actions mode op');

/** Words of which every name of a setting has at least one. */
export const SETTING_WORDS = words(
  'protection destroy recovery pitr versioning backup backups rotation lock public encrypted encryption publicly unauthenticated skip delete privileged privilege host retention enabled status state policy tokens trail uniform disable desired replicas min protected encrypt ssl tls cloudtrail guardduty guard securityhub logs log logging macie enable',
);

/** Words of keys under which an address range says who may reach something. */
export const INBOUND_WORDS = words(
  'blocks block source sources range ranges ingress inbound allow allowed whitelist allowlist network networks prefix prefixes from rules rule address addresses peer acl',
);

/** Words of keys under which it says what may be reached. */
export const OUTBOUND_WORDS = words('egress outbound destination route routes routing');

/** Verbs of calls that destroy a resource. */
export const DESTROYING_VERBS = words(
  'schedule delete deactivate leave suspend terminate destroy disable stop deregister purge remove drop force_delete forcedelete batch_delete batchdelete',
);

/** Resources that they destroy. */
export const RESOURCES = words(
  'key bucket cluster instance db database table stack trail vault snapshot backup volume repository namespace project group role user policy zone secret log queue topic function certificate image network vpc subnet gateway balancer deployment service server disk node pool detector alarm record object resource device guardduty securityhub macie organization project',
);

/** Permissions by which an identity widens its own. */
export const SELF_WIDENING_PERMISSIONS = words(
  'PassRole CreateAccessKey AttachUserPolicy AttachRolePolicy PutUserPolicy PutRolePolicy CreatePolicyVersion SetDefaultPolicyVersion UpdateAssumeRolePolicy AddUserToGroup CreateLoginProfile UpdateLoginProfile',
);
