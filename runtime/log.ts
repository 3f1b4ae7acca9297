import { type Logger, pino } from 'pino';

export type { Logger };

/**
 * The logged fields of an error: name, code, message and stack. Never its other members: PostgreSQL's `detail` quotes the row,
 * and a driver's error may contain the values that were sent.
 */
const errorFields = (error: unknown) => {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, message, stack } = error;
  const { code } = error as { code?: unknown };
  return { name, ...(typeof code === 'string' && { code }), message, stack };
};

/**
 * The logged fields of an error that nothing handled: name, code, and the frames of the stack. Not its message. The attacker
 * sends a body that a bug puts into the message: V8 quotes the text that `JSON.parse` refuses, and PostgreSQL the value.
 */
const uncaughtFields = (error: unknown) => {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, message, stack = '' } = error;
  const { code } = error as { code?: unknown };
  const frames = stack
    .slice(Math.max(0, stack.indexOf(message)) + message.length)
    .split('\n')
    .filter((line) => /^ +at .*:\d+:\d+\)?$/.test(line));
  return { name, ...(typeof code === 'string' && { code }), stack: frames.join('\n') };
};

const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'api_key',
  'payload',
  'patched_payload',
  'reason',
  'password',
  'root_key',
  'digest_salt',
];

/** One JSON line per event: an event name and ids. Fields that could hold a secret are redacted, in case one is ever passed. */
export const createLogger = (name: string, level: string): Logger =>
  pino({
    name,
    level,
    base: { name, pid: process.pid },
    serializers: { err: errorFields, uncaught: uncaughtFields },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[redacted]' },
  });
