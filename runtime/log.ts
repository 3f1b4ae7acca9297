import { type Logger, pino } from 'pino';

export type { Logger };

/**
 * What is written of an error: its name, code and message, and the stack of what is a bug. Never its other members: PostgreSQL's
 * `detail` quotes the row, and a driver's error may carry what was sent.
 */
const errorFields = (error: unknown) => {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, message, stack } = error;
  const { code } = error as { code?: unknown };
  return { name, ...(typeof code === 'string' && { code }), message, stack };
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

/** One JSON line per event: an event name and ids. What could hold a secret is censored, should it ever get here. */
export const createLogger = (name: string, level: string): Logger =>
  pino({
    name,
    level,
    base: { name, pid: process.pid },
    serializers: { err: errorFields },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[redacted]' },
  });
