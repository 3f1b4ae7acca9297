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
    serializers: { err: errorFields },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[redacted]' },
  });
