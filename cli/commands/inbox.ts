import type { RequestStatus } from '../../contracts/approval-request.ts';
import { defineCommand } from '../define-command.ts';

const STATUSES = Object.keys({
  pending: true,
  approved: true,
  rejected: true,
  expired: true,
  cancelled: true,
} satisfies Record<RequestStatus, true>);

export const inbox = defineCommand({
  name: 'inbox',
  summary: 'list approval requests',
  details: ['Newest first. With --follow it then prints changes until Ctrl-C.'],
  options: {
    status: {
      type: 'string',
      value: 'STATUS',
      description: 'only this status',
      choices: [...STATUSES, 'all'],
      default: 'pending',
    },
    service: { type: 'string', value: 'NAME', description: 'only this service' },
    action: { type: 'string', value: 'NAME', description: 'only this action' },
    thread: { type: 'string', value: 'ID', description: 'only this LangGraph thread' },
    limit: { type: 'string', value: 'N', description: 'at most N requests, from 1 to 200; without it 50' },
    cursor: { type: 'string', value: 'TEXT', description: 'continue where the previous page ended, which printed it' },
    follow: { type: 'boolean', description: 'then print every change, also of requests that leave the status' },
    json: { type: 'boolean', description: 'print JSON documents, one per line' },
  },
  examples: ['letsping inbox --service billing-agent', 'letsping inbox --follow --json'],
  run: async (values, terminal) => (await import('../requests/inbox.ts')).listRequests(values, terminal),
});
