import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contextIn, NEW_SESSION, sessionAfter } from '../../../domain/firewall/history/session.ts';
import { screenAction } from '../../../domain/firewall/screen.ts';
import { call } from '../../helpers/agent-call.ts';
import { idsOf } from '../../helpers/finding-ids.ts';
import { foundIn, parsers, reviewFlagged } from './screening.ts';

const ids = (...asked: Parameters<typeof foundIn>): string[] => idsOf(foundIn(...asked));
const TASK = 'Please pay the invoice of Mira Falk and tell her.';

describe('after third-party text was read', () => {
  const read = { untrusted: true, task: TASK };
  test('a receiver that the request names is allowed; any other is held', () => {
    expect(ids(call({ recipient: 'Mira Falk', amount: 3 }, 'send_money'), read)).toEqual([]);
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z]{2}[0-9]{16}$/), (account) =>
        ids(call({ recipient: account, amount: 3 }, 'send_money'), read).includes('flow/unknown_receiver'),
      ),
    );
  });
  test('an action that the request did not ask for is held, whatever its name', () => {
    const verb = fc.constantFrom('delete', 'cancel', 'invite', 'reserve', 'grant', 'disable', 'deploy', 'lock');
    const style = fc.constantFrom<(a: string, b: string) => string>(
      (a, b) => `${a}_${b}`,
      (a, b) => `${a}-${b}`,
      (a, b) => a.charAt(0).toUpperCase() + a.slice(1) + b.charAt(0).toUpperCase() + b.slice(1),
    );
    fc.assert(
      fc.property(verb, style, fc.constantFrom('record', 'door', 'room'), (a, join, b) =>
        ids(call({ id: '7' }, join(a, b)), read).includes('flow/unasked_action'),
      ),
    );
  });
  test('reading is allowed, and so is a change that the request asks for', () => {
    for (const action of ['get_balance', 'list_files', 'SearchInbox', 'read_file'])
      expect(ids(call({ id: 'x' }, action), read)).toEqual([]);
    expect(ids(call({ invoice: 'i-4' }, 'pay_invoice'), read)).toEqual([]);
  });
  test('an unlisted link is held, and so is a password that the request does not mention', () => {
    expect(
      ids(call({ text: 'see www.rather-odd.com/x' }, 'send_message'), { untrusted: true, task: 'Send Ana a message' }),
    ).toEqual(['flow/unknown_link']);
    expect(ids(call({ password: 'n3w' }, 'update_password'), { untrusted: true, task: 'Update my address' })).toContain(
      'flow/unasked_credential',
    );
  });
  test('a request that refers to a list of tasks covers messages, not payments', () => {
    const handed = { untrusted: true, task: 'Do all the tasks on my list' };
    expect(ids(call({ text: 'hello' }, 'send_message'), handed)).toEqual([]);
    expect(ids(call({ amount: 4 }, 'send_money'), handed)).toEqual(['flow/unasked_action']);
  });
  test('without a request, only receivers can be unknown', () => {
    expect(ids(call({ id: '7' }, 'delete_record'), { untrusted: true })).toEqual([]);
    expect(ids(call({ to: 'x@elsewhere.example', body: 'hi' }, 'send_email'), { untrusted: true })).toEqual([
      'flow/unknown_receiver',
    ]);
  });
  test('a session that holds private data fetches from known hosts only', () => {
    const url = { url: 'https://elsewhere.example/a' };
    expect(ids(call(url, 'get_page'), { untrusted: true })).toEqual([]);
    expect(ids(call(url, 'get_page'), { untrusted: true, private: true })).toEqual(['flow/unknown_fetch']);
  });
});

describe('an undeclared context', () => {
  test('alone holds nothing', () => {
    for (const action of ['delete_record', 'send_money', 'invite_user'])
      expect(ids(call({ id: '7', user: 'bo' }, action))).toEqual([]);
  });
  test('counts as untrusted once known recipients are listed', () => {
    const known = { known_recipients: ['Mira Falk'] };
    expect(ids(call({ recipient: 'Mira Falk' }, 'send_money'), known)).toEqual([]);
    expect(ids(call({ recipient: 'XY99' }, 'send_money'), known)).toEqual(['flow/unknown_receiver']);
    expect(ids(call({ recipient: 'XY99' }, 'send_money'), known, reviewFlagged({ undeclared: 'lenient' }))).toEqual([]);
  });
});

test('under tighten_only the context adds findings and removes none', () => {
  const policy = reviewFlagged({ allowed_domains: ['yourco.example'], context_trust: 'tighten_only' });
  const mail = call({ to: 'x@partner.example' }, 'send_email');
  const named = { untrusted: false, allowed_domains: ['partner.example'] };
  expect(ids(mail, named, reviewFlagged({ allowed_domains: ['yourco.example'] }))).toEqual([]);
  expect(ids(mail, named, policy)).toEqual(['destination/unlisted_domain']);
});

describe('a session', () => {
  test('keeps its labels and its request; a call can raise a label and not lower it', () => {
    const policy = reviewFlagged();
    let session = NEW_SESSION;
    const step = (action: string, payload: Record<string, unknown>, declared = {}) => {
      const one = call(payload, action);
      const context = contextIn(session, declared);
      const screening = screenAction(one, context, policy, undefined, { parsers, context_trust: 'full' });
      session = sessionAfter(session, one, context, screening);
      return screening.verdict;
    };
    expect(step('read_page', { id: '1' }, { untrusted: false, task: TASK })).toBe('allow');
    expect(step('delete_record', { id: '1' })).toBe('allow');
    expect(step('read_page', { id: '2' }, { untrusted: true })).toBe('allow');
    expect(step('delete_record', { id: '1' }, { untrusted: false })).toBe('hold');
    expect(session).toMatchObject({ untrusted: true, task: TASK });
    expect(session.history).toHaveLength(4);
  });
});
