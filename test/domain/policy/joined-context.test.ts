import { expect, test } from 'vitest';
import { joinedContext } from '../../../domain/policy/joined-context.ts';

test.each([
  [undefined, undefined, {}],
  [undefined, { untrusted: false }, { untrusted: false }],
  [{ untrusted: false }, { untrusted: true }, { untrusted: true }],
  [{ private: true }, { private: false }, { private: true }],
  [
    { allowed_domains: ['a.example', 'b.example'] },
    { allowed_domains: ['b.example', 'c.example'] },
    { allowed_domains: ['b.example'] },
  ],
  [{ known_recipients: ['ana'] }, {}, { known_recipients: ['ana'] }],
  [
    { thread_id: 't1', task: 'mine' },
    { thread_id: 't2', node: 'n', task: 'theirs' },
    { thread_id: 't1', task: 'mine', node: 'n' },
  ],
])('%j and %j', (one, other, joined) => {
  expect(joinedContext(one, other)).toEqual(joined);
});
