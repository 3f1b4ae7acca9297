import type { ActionContext } from '../../../../contracts/action.ts';
import type { Policy } from '../../../../contracts/policy.ts';
import type { Exercise } from './exercise.ts';
import { ACME, prevents, reports, UNTRUSTED } from './exercise.ts';

const MAIL = 'x@evil.example';
const UNLISTED = 'destination/unlisted_domain';
const RECEIVER = 'flow/unknown_receiver';
const DELEGATED: ActionContext = { untrusted: true, task: 'Please do the tasks on the list' };

const LISTED: Partial<Policy> = { guardrails: [{ kind: 'egress', allowed_domains: ['ours.example'] }] };

export const OUTBOUND: Record<string, Exercise> = {
  SURE_HOST_WORDS: reports('egress/unparsed', (key) => ({ [key]: 'no host' }), { policy: LISTED }),
  JOINED_PATH_KEYS: reports(
    'egress/unlisted_domain',
    (key) => ({ url: 'https://ours.example', [key]: '.evil.example/x' }),
    { policy: LISTED },
  ),
  WRAPPED_HOST_KEYS: reports('egress/unlisted_domain', (key) => ({ host: { [key]: 'evil.example' } }), {
    policy: LISTED,
  }),
  PRIMARY_WORDS: reports('destination/extra_domain /cc', (word) => ({ cc: MAIL, [word]: 'a@good.example' })),
  DESTINATION_WORDS: reports(UNLISTED, (word) => ({ [word]: MAIL }), { policy: ACME }),
  CARRIER_WORDS: reports(UNLISTED, (word) => ({ [word]: MAIL }), { policy: ACME, action: 'send_it' }),
  SENDING_WORDS: reports(
    UNLISTED,
    () => ({ email: MAIL }),
    (word) => ({ policy: ACME, action: `${word}_it` }),
  ),
  ABOUT_THE_MESSAGE: prevents(UNLISTED, (word) => ({ [`webhook_${word}`]: MAIL }), { policy: ACME }),
  EVENTS: reports(UNLISTED, (word) => ({ [`on_${word}`]: { post: 'https://evil.example/x' } }), { policy: ACME }),
  BARE_NAME_ENDINGS: reports(UNLISTED, (word) => ({ sink: `evil.${word}` }), { policy: ACME }),
  FORWARDING_KINDS: reports(UNLISTED, (word) => ({ rules: [{ type: word, value: MAIL }] }), { policy: ACME }),
  RECEIVER_WORDS: reports(RECEIVER, (word) => ({ [word]: 'mallory' }), { action: 'do_it', context: UNTRUSTED }),
  PERSON_WORDS: reports(RECEIVER, (word) => ({ [word]: 'mallory' }), { action: 'send_it', context: UNTRUSTED }),
  ASIDE_WORDS: prevents(RECEIVER, (word) => ({ [`to_${word}`]: 'mallory' }), {
    action: 'do_it',
    context: UNTRUSTED,
  }),
  GIVING_VERBS: reports(
    RECEIVER,
    () => ({ user: 'mallory 17' }),
    (verb) => ({ action: verb, context: UNTRUSTED }),
  ),
  WRITING_VERBS: prevents(
    RECEIVER,
    () => ({ to: 'mallory' }),
    (verb) => ({
      action: `do_${verb}`,
      context: UNTRUSTED,
    }),
  ),
  MOVING_WORDS: reports(
    RECEIVER,
    () => ({ to: 'mallory' }),
    (word) => ({
      action: `message_${word}`,
      context: UNTRUSTED,
    }),
  ),
  FILE_ENDINGS: prevents(RECEIVER, (ending) => ({ dest: `report.${ending}` }), {
    action: 'move_it',
    context: UNTRUSTED,
  }),
  SHARING_WORDS: reports('destination/public_share', (word) => ({ [word]: { anyone_can_view: true } }), {
    action: 'update_file',
  }),
  OWNED_THINGS: reports(
    'destination/public_share',
    () => ({ visibility: 'public' }),
    (word) => ({
      action: `set_${word}`,
    }),
  ),
  DELEGATED_VERBS: prevents(
    'flow/unasked_action',
    () => ({}),
    (verb) => ({ action: verb, context: DELEGATED }),
  ),
  NEVER_DELEGATED: reports(
    'flow/unasked_action',
    () => ({}),
    (word) => ({
      action: `send_${word}`,
      context: DELEGATED,
    }),
  ),
};
