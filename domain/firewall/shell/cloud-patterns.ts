/** Options that give a container the machine it runs on. */
export const CONTAINER_ESCAPE =
  /(?:^|\s)--privileged(?:=true)?(?:\s|$)|--pid[= ]host|--cap-add[= ](?:ALL|SYS_ADMIN)|docker\.sock|(?:-v|--mount)[= ]?\S*(?:^|[\s=:,])\/:|(?:-v|--volume)[= ]?\/(?:etc|root|proc|sys|boot|dev)(?:\/\S*)?:|(?:src|source)=\/(?:etc|root|proc|sys|boot)?(?:,|\s|$)|--security-opt[= ]\S*(?:unconfined|disable)|--device[= ]\/dev\/(?:sd|nvme|vd|xvd|mem|kmsg)|--userns[= ]host|--net(?:work)?[= ]host.*--privileged/;

/** Commands of a container engine that delete data. */
export const CONTAINER_DELETES =
  /\b(?:system|volume|image)\s+prune\b.*-\w*[fa]|\bvolume\s+rm\b|\bcompose\b.*\bdown\b.*\s(?:-v|--volumes)\b|\b(?:rm|rmi)\s+-\w*f\w*\s+\$\(/;

/** Resources of a cluster that hold others, data or access. */
export const CLUSTER_DELETES =
  /(?:^|\s)delete\s+(?:ns|namespaces?|pv|persistentvolumes?|pvc|crds?|customresourcedefinitions?|nodes?|clusterroles?\S*|secrets?|all|deploy(?:ments?)?|statefulsets?|sts|svc|services?|ingress(?:es)?|daemonsets?)\b/;

/** Commands of AWS that delete a resource or stop its record. */
export const AWS_DELETES =
  /\bs3\s+(?:rb|rm\b.*--recursive|sync\b.*--delete)|\b(?:terminate-instances|schedule-key-deletion|disable-key|stop-logging|purge-queue|deregister-\S+|remove-\S+|leave-organization|Status=Suspended|delete-(?!message\b|messages\b)\S+)/;

/** Commands of AWS that change who may do what. */
export const AWS_RIGHTS = /\biam\s+(?:attach|put|create|add|update|upload|set|pass)-\S+|\bsts\s+assume-role\b/;

/** Commands of AWS that open a network or a store. */
export const AWS_OPENS =
  /0\.0\.0\.0\/[0-3]\b|::\/0|--acl[= ]public-read|put-bucket-policy|BlockPublic\w+=false|IgnorePublicAcls=false|RestrictPublicBuckets=false|\bput-bucket-acl\b.*public/;

/** Commands of other clouds that delete. */
export const CLOUD_DELETES = /(?:^|\s)(?:delete|destroy|purge|rm\s+-r\S*|rb|remove)(?:\s|$)|:destroy\b/;

/** Commands of other clouds that open a network or a store. */
export const CLOUD_OPENS =
  /0\.0\.0\.0\/[0-3]\b|allUsers|allAuthenticatedUsers|--public-access\b|--allow-blob-public-access\s+true|--allow-unauthenticated/;

/** Commands of a vault that delete secrets or records. */
export const VAULT_DELETES = /\b(?:delete|kv\s+destroy|(?:secrets|audit)\s+disable)\b/;

/** Commands of platforms that delete. */
export const PLATFORM_DELETES = /(?:^|\s)(?:delete|destroy|remove|rm)(?:\s|$|:)|:(?:delete|disable)\b/;

/** Commands of a code host that delete. */
export const REPOSITORY_DELETES =
  /\b(?:repo|release|secret|variable|ruleset)\s+delete\b|\brepo\s+archive\b|\bapi\b.*(?:-X|--method)[= ]?\s*DELETE\b/;
