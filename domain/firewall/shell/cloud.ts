import type { FindingTemplate } from '../finding.ts';
import {
  AWS_DELETES,
  AWS_OPENS,
  AWS_RIGHTS,
  CLOUD_DELETES,
  CLOUD_OPENS,
  CLUSTER_DELETES,
  CONTAINER_DELETES,
  CONTAINER_ESCAPE,
  PLATFORM_DELETES,
  REPOSITORY_DELETES,
  VAULT_DELETES,
} from './cloud-patterns.ts';
import { template } from './findings.ts';

const DELETES: FindingTemplate = template(
  'deletes_resources',
  'high',
  'This command deletes resources of a cloud or a cluster.',
);
const SECRETS: FindingTemplate = template(
  'reads_secret',
  'high',
  'This command reads credentials of a cluster or a cloud.',
);
const RIGHTS: FindingTemplate = template(
  'cloud_rights',
  'high',
  'This command changes who may do what in a cloud or a cluster.',
);
const CONTAINER: FindingTemplate = template('container_escape', 'high', 'This container gets access to its host.');
const UNREVIEWED: FindingTemplate = template(
  'unreviewed_apply',
  'high',
  'This changes infrastructure without showing what it will do.',
);
const OPENS: FindingTemplate = template('world_open', 'high', 'This opens a network or a store to everybody.');

/** Commands of clusters, clouds and container engines. */
export function cloudOf(name: string, words: readonly string[]): FindingTemplate | undefined {
  const line = words.slice(1).join(' ');
  if (/\s--dry-run(?:=(?:client|server|true))?(?:\s|$)/.test(` ${line} `) && !/--dry-run=none/.test(line))
    return undefined;
  switch (name) {
    case 'docker-compose':
      return /\bdown\b.*\s(?:-v|--volumes)\b/.test(line) ? DELETES : undefined;
    case 'docker':
    case 'podman':
    case 'nerdctl':
    case 'ctr': {
      if (CONTAINER_ESCAPE.test(line)) return CONTAINER;
      return CONTAINER_DELETES.test(line) ? DELETES : undefined;
    }
    case 'kubectl':
    case 'oc':
      if (/(?:^|\s)(?:patch|edit|replace)\b.*\b(?:cluster)?role(?:binding)?s?\b/.test(line)) return RIGHTS;
      if (/(?:^|\s)scale\b/.test(line) && /--all\b/.test(line) && /--replicas[= ]0\b/.test(line)) return DELETES;
      if (/(?:^|\s)cp\b.*(?:\/etc\/shadow|\/serviceaccount|id_rsa|\.ssh\/)/.test(line)) return SECRETS;
      if (
        CLUSTER_DELETES.test(line) ||
        (/(?:^|\s)delete\b/.test(line) && /(?:^|\s)(?:--all|-A|--all-namespaces|-l)(?:\s|=|$)/.test(line))
      )
        return DELETES;
      if (
        /(?:^|\s)create\s+(?:clusterrolebinding|rolebinding)\b/.test(line) &&
        /(?:cluster-admin|\badmin\b)/.test(line)
      )
        return RIGHTS;
      if (
        /(?:^|\s)(?:get|describe)\s+secrets?\b.*(?:-o|--output)[= ]?\s*(?:ya?ml|json|go-template|jsonpath)/.test(line)
      )
        return SECRETS;
      if (/(?:^|\s)delete\s+(?:-f|-k|--filename|--kustomize)\b/.test(line)) return DELETES;
      if (/(?:^|\s)run\b.*(?:--privileged|hostPID|hostNetwork|--overrides)/.test(line)) return CONTAINER;
      if (/(?:^|\s)(?:apply|create)\b.*(?:-f|--filename)[= ]?\s*https?:/.test(line)) return UNREVIEWED;
      return /(?:^|\s)drain\b.*--force|(?:^|\s)scale\b.*--replicas[= ]0\b.*--all|(?:^|\s)replace\b.*--force/.test(line)
        ? DELETES
        : undefined;
    case 'helm':
      return /^(?:uninstall|delete|del|un)\b/.test(line) ? DELETES : undefined;
    case 'terraform':
    case 'tofu':
    case 'tf':
    case 'terragrunt':
    case 'pulumi':
    case 'cdk':
      if (/^(?:-\S+\s+)*(?:plan|preview|diff)\b/.test(line)) return undefined;
      if (/(?:^|\s)(?:destroy|state\s+rm|workspace\s+delete|force-unlock)\b|(?:^|\s)-destroy\b/.test(line))
        return DELETES;
      return /(?:^|\s)(?:apply|up|deploy)\b/.test(line) &&
        /(?:-auto-approve|--yes|-y\b|--require-approval[= ]never|--non-interactive)/.test(line)
        ? UNREVIEWED
        : undefined;
    case 'aws':
      if (/\s--no-(?:deletion-protection|disable-api-termination|enable-termination-protection)\b/.test(line))
        return DELETES;
      if (AWS_DELETES.test(line)) return DELETES;
      if (AWS_RIGHTS.test(line)) return RIGHTS;
      return AWS_OPENS.test(line) ? OPENS : undefined;
    case 'gcloud':
    case 'gsutil':
    case 'bq':
    case 'az':
    case 'doctl':
    case 'heroku':
    case 'flyctl':
    case 'ibmcloud':
    case 'oci':
      if (CLOUD_DELETES.test(line)) return DELETES;
      if (/add-iam-policy-binding|set-iam-policy|role\s+assignment\s+create|\bkeys\s+create\b/.test(line))
        return RIGHTS;
      return CLOUD_OPENS.test(line) ? OPENS : undefined;
    case 'vault':
      if (/\btoken\s+create\b.*-policy[= ]root/.test(line)) return RIGHTS;
      return VAULT_DELETES.test(line) ? DELETES : undefined;
    case 'redis-cli':
      return /\b(?:flushall|flushdb|shutdown|config\s+set)\b/i.test(line) ? DELETES : undefined;
    case 'eksctl':
    case 'kops':
    case 'minikube':
    case 'wrangler':
    case 'serverless':
    case 'sls':
    case 'sam':
    case 'vercel':
    case 'netlify':
    case 'firebase':
    case 'fly':
      return PLATFORM_DELETES.test(line) ? DELETES : undefined;
    case 'gh':
      return REPOSITORY_DELETES.test(line)
        ? DELETES
        : /\brepo\s+edit\b.*--visibility[= ]public/.test(line)
          ? OPENS
          : undefined;
    case 'curl':
    case 'http':
    case 'xh':
      return /(?:-X|--request)[= ]?\s*DELETE\b|^DELETE\s/.test(line) ? DELETES : undefined;
    case 'consul':
      return /\bkv\s+delete\b.*-recurse/.test(line) ? DELETES : undefined;
    case 'etcdctl':
      return /\bdel\b.*--(?:prefix|from-key)/.test(line) ? DELETES : undefined;
    case 'nomad':
      return /\b(?:job\s+)?stop\b.*-purge|\bsystem\s+gc\b/.test(line) ? DELETES : undefined;
    case 'rabbitmqctl':
      return /\b(?:delete_\w+|reset|force_reset|purge_queue)\b/.test(line) ? DELETES : undefined;
    case 'kafka-topics':
    case 'kafka-topics.sh':
      return /--delete\b/.test(line) ? DELETES : undefined;
    case 'ansible':
      return /-m\s*(?:shell|command|raw|script)\b/.test(line) ? UNREVIEWED : undefined;
    case 'mysqladmin':
      return /\b(?:drop|shutdown|flush-privileges)\b/.test(line) ? DELETES : undefined;
    case 'dropdb':
    case 'dropuser':
      return DELETES;
    default:
      return undefined;
  }
}
