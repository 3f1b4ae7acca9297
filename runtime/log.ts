import { pino, type Logger } from 'pino';

export type { Logger };

/** One JSON line per event: an event name and ids. What could hold a secret is censored, should it ever get here. */
export const createLogger = (name: string, level: string): Logger =>
  pino({
    name,
    level,
    base: { name, pid: process.pid },
    redact: { paths: ['*.authorization', '*.cookie', '*.api_key', '*.payload', '*.patched_payload', '*.reason', 'payload', 'api_key'], censor: '[redacted]' },
  });
