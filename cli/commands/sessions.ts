import { defineCommand, defineCommandGroup } from '../define-command.ts';

const JSON_ANSWER = { type: 'boolean', description: "print the server's answer as one line of JSON" } as const;

const list = defineCommand({
  name: 'sessions list',
  summary: 'list who is signed in to the approval page',
  options: { json: JSON_ANSWER },
  examples: ['letsping sessions list'],
  run: async (values, terminal) => (await import('../access/sessions.ts')).listSessions(values, terminal),
});

const end = defineCommand({
  name: 'sessions end',
  summary: 'end a session, and what it has open, within a second',
  positionals: {
    id: { value: 'SESSION_ID', description: 'the id of the session, as `letsping sessions list` prints it' },
  },
  options: { json: JSON_ANSWER },
  examples: ['letsping sessions end ses_01kc…'],
  run: async (values, terminal) => (await import('../access/sessions.ts')).endSession(values, terminal),
});

export const sessions = defineCommandGroup({
  name: 'sessions',
  summary: 'list and end the sessions of people',
  details: ['Needs an admin key. A person ends their own sessions on the page `/sessions`.'],
  commands: [list, end],
  examples: ['letsping sessions list'],
});
