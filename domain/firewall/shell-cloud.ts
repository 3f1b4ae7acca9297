import type { ShellSaid } from './shell-said.ts';

const DELETES: ShellSaid = ['deletes_resources', 'high', 'This command deletes resources of a cloud or a cluster.'];
const RIGHTS: ShellSaid = ['cloud_rights', 'high', 'This command changes who may do what in a cloud or a cluster.'];
const CONTAINER: ShellSaid = ['container_escape', 'high', 'This container gets the machine it runs on.'];
const UNREVIEWED: ShellSaid = [
  'unreviewed_apply',
  'high',
  'This changes infrastructure without showing what it will do.',
];
const OPENS: ShellSaid = ['world_open', 'high', 'This opens a network or a store to everybody.'];

/** What a command line of a cluster, a cloud or a container engine does. */
export function cloudOf(name: string, words: readonly string[]): ShellSaid | undefined {
  const line = words.slice(1).join(' ');
  if (/\s--dry-run(?:=(?:client|server|true))?(?:\s|$)/.test(` ${line} `) && !/--dry-run=none/.test(line))
    return undefined;
  switch (name) {
    case 'docker':
    case 'podman':
    case 'nerdctl':
    case 'ctr': {
      if (
        /(?:^|\s)--privileged(?:=true)?(?:\s|$)|--pid[= ]host|--cap-add[= ](?:ALL|SYS_ADMIN)|docker\.sock|(?:-v|--volume|--mount)[= ]?\S*(?:^|[\s=:,])\/:|--userns[= ]host|--net(?:work)?[= ]host.*--privileged/.test(
          line,
        )
      )
        return CONTAINER;
      return /\b(?:system|volume|image)\s+prune\b.*(?:-\w*f|--force|--all|-\w*a)|\bvolume\s+rm\b|\brm\s+-\w*f\w*\s+\$\(/.test(
        line,
      )
        ? DELETES
        : undefined;
    }
    case 'kubectl':
    case 'oc':
      if (
        /(?:^|\s)delete\s+(?:ns|namespaces?|pv|persistentvolumes?|pvc|crds?|customresourcedefinitions?|nodes?|clusterroles?\S*|secrets?|all|deploy(?:ments?)?|statefulsets?|sts|svc|services?|ingress(?:es)?|daemonsets?)\b/.test(
          line,
        ) ||
        (/(?:^|\s)delete\b/.test(line) && /(?:^|\s)(?:--all|-A|--all-namespaces|-l)(?:\s|=|$)/.test(line))
      )
        return DELETES;
      if (
        /(?:^|\s)create\s+(?:clusterrolebinding|rolebinding)\b/.test(line) &&
        /(?:cluster-admin|\badmin\b)/.test(line)
      )
        return RIGHTS;
      return /(?:^|\s)drain\b.*--force|(?:^|\s)scale\b.*--replicas[= ]0\b.*--all|(?:^|\s)replace\b.*--force/.test(line)
        ? DELETES
        : undefined;
    case 'helm':
      return /^(?:uninstall|delete|del|un)\b/.test(line) ? DELETES : undefined;
    case 'terraform':
    case 'tofu':
    case 'terragrunt':
    case 'pulumi':
    case 'cdk':
      if (/(?:^|\s)(?:destroy|state\s+rm|workspace\s+delete|force-unlock)\b|(?:^|\s)-destroy\b/.test(line))
        return DELETES;
      return /(?:^|\s)(?:apply|up|deploy)\b/.test(line) &&
        /(?:-auto-approve|--yes|-y\b|--require-approval[= ]never|--non-interactive)/.test(line)
        ? UNREVIEWED
        : undefined;
    case 'aws':
      if (
        /\bs3\s+(?:rb|rm\b.*--recursive|sync\b.*--delete)|\b(?:terminate-instances|schedule-key-deletion|disable-key|stop-logging|purge-queue|deregister-\S+|remove-\S+|delete-(?!message\b|messages\b)\S+)/.test(
          line,
        )
      )
        return DELETES;
      if (/\biam\s+(?:attach|put|create|add|update|upload|set|pass)-\S+|\bsts\s+assume-role\b/.test(line))
        return RIGHTS;
      return /0\.0\.0\.0\/[0-3]\b|::\/0|--acl[= ]public-read|put-bucket-policy|delete-public-access-block|\bput-bucket-acl\b.*public/.test(
        line,
      )
        ? OPENS
        : undefined;
    case 'gcloud':
    case 'gsutil':
    case 'bq':
    case 'az':
    case 'doctl':
    case 'heroku':
    case 'flyctl':
    case 'ibmcloud':
    case 'oci':
      if (/(?:^|\s)(?:delete|destroy|purge|rm\s+-r\S*|rb|remove)(?:\s|$)|:destroy\b/.test(line)) return DELETES;
      if (/add-iam-policy-binding|set-iam-policy|role\s+assignment\s+create|\bkeys\s+create\b/.test(line))
        return RIGHTS;
      return /0\.0\.0\.0\/[0-3]\b|allUsers|allAuthenticatedUsers|--public-access\b|--allow-unauthenticated/.test(line)
        ? OPENS
        : undefined;
    case 'vault':
      return /\b(?:kv\s+(?:delete|destroy|metadata\s+delete)|secrets\s+disable|audit\s+disable|policy\s+delete)\b/.test(
        line,
      )
        ? DELETES
        : undefined;
    case 'redis-cli':
      return /\b(?:flushall|flushdb|shutdown|config\s+set)\b/i.test(line) ? DELETES : undefined;
    case 'dropdb':
    case 'dropuser':
      return DELETES;
    default:
      return undefined;
  }
}
