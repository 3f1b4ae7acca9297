import type { ActionContext } from '../../../contracts/action.ts';
import type { Policy } from '../../../contracts/policy.ts';
import { skeletonOf } from '../text/confusables.ts';
import { EVERYBODY_OF_A_GROUP } from './patterns.ts';

/** People, accounts and destinations that the policy and the trusted request name. */
export interface Known {
  /** Domains and whole mail addresses, as the policy and the request write them. */
  readonly domains: readonly string[];
  /** Whether the trusted request is known at all. */
  readonly task: boolean;
  /** Whether a person, an account or a destination is named. Otherwise nothing counts as unkncontext. */
  readonly named: boolean;
  /** Whether people or accounts are named, or the request itself is kncontext. */
  readonly people: boolean;
  /** Whether a person, account, channel or address is listed, or is a whole word of the trusted request. */
  names(value: string): boolean;
  /** Whether the request addresses everybody of a group without naming them. */
  readonly everybody: boolean;
  /** Whether a word of the trusted request starts with one of these stems. */
  mentions(stems: Iterable<string>): boolean;
}

const MAX_NAME = 320;
const plain = (text: string): string => skeletonOf(text).replace(/\s+/g, ' ').trim();
const bare = (name: string): string => plain(name).replace(/^[#@]+/, '');

/** Reads the lists of policy and context once; the task is searched on demand. */
export function knownOf(policy: Policy, context: ActionContext): Known {
  const recipients = [...(policy.known_recipients ?? []), ...(context.known_recipients ?? [])];
  const mails = recipients.filter((one) => one.includes('@') && one.includes('.'));
  const more = [...(context.allowed_domains ?? []), ...mails];
  const domains = more.length === 0 ? policy.allowed_domains : [...policy.allowed_domains, ...more];
  const task = context.task === undefined || context.task.trim() === '' ? undefined : context.task;
  let everybody: boolean | undefined;
  let listed: Set<string> | undefined;
  let text: string | undefined;
  let words: Set<string> | undefined;
  const found = new Map<string, boolean>();
  return {
    domains,
    task: task !== undefined,
    get everybody() {
      everybody ??= task !== undefined && EVERYBODY_OF_A_GROUP.test(task);
      return everybody;
    },
    people: recipients.length > 0 || task !== undefined,
    named: domains.length + recipients.length > 0 || task !== undefined,
    names(value) {
      const wanted = bare(value);
      if (wanted === '' || wanted.length > MAX_NAME) return false;
      listed ??= new Set(recipients.map(bare));
      if (listed.has(wanted) || task === undefined) return listed.has(wanted);
      text ??= plain(task);
      return containsWhole(text, wanted);
    },
    mentions(stems) {
      if (task === undefined) return false;
      words ??= new Set(skeletonOf(task).split(/[^\p{L}\p{N}]+/u));
      for (const stem of stems) {
        const hit = found.get(stem) ?? startsOne(words, stem);
        found.set(stem, hit);
        if (hit) return true;
      }
      return false;
    },
  };
}

/** The stem `pay` matches pay, pays, payment, paying and payed, but not a word such as `payable`. */
function startsOne(words: ReadonlySet<string>, stem: string): boolean {
  for (const word of words) {
    if (word.startsWith(stem) && word.length - stem.length <= 6) return true;
  }
  return false;
}

/** Whether a text contains a name without an adjacent letter or digit. */
function containsWhole(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text[at - 1];
    const after = text[at + name.length];
    if (!isWordChar(before) && !isWordChar(after)) return true;
  }
  return false;
}

const isWordChar = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}_]/u.test(char);
