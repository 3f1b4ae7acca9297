import { z } from 'zod';

/** `PORT=80a` stops the process: no value is repaired. */
const Whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max));

const Environment = z.object({
  DATABASE_URL: z.string({ error: 'is missing' }).regex(/^postgres(ql)?:\/\/./, 'must be a postgres:// URL, for example postgres://letsping:…@127.0.0.1:5432/letsping'),
  LETSPING_ROOT_KEY: z.string({ error: 'is missing: 32 random bytes, base64, for example the output of `openssl rand -base64 32`' }),
  LETSPING_HOST: z.string().min(1).default('127.0.0.1'),
  LETSPING_PORT: Whole(0, 65_535).default(4400),
  LETSPING_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  LETSPING_TASK_QUEUE: z.string().min(1).max(200).default('letsping-approvals'),
  LETSPING_STATUS_HOLD_MS: Whole(0, 25_000).default(20_000),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

export interface Config {
  readonly database_url: string;
  /** As given; `crypto/keyring.ts` parses and refuses it. */
  readonly root_key: string;
  readonly host: string;
  readonly port: number;
  /** Without a slash at its end. What links for people and the Origin check go by. Absent: the address listened on. */
  readonly public_url: string | undefined;
  /** The Temporal task queue of our workflows: another one for each deployment that shares a namespace. */
  readonly task_queue: string;
  readonly status_hold_ms: number;
  readonly log_level: string;
}

/** The environment is not fit to start with. Its message lists every variable that is wrong, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the environment once. Temporal's own variables (`TEMPORAL_*`) are read by `runtime/temporal.ts`.
 * @throws ConfigError that names each wrong variable and what it should be.
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const parsed = Environment.safeParse(env);
  if (!parsed.success) {
    throw new ConfigError(['The configuration is not complete:', ...parsed.error.issues.map((i) => `  ${i.path.join('.')} ${i.message}`)].join('\n'));
  }
  const e = parsed.data;
  return Object.freeze({
    database_url: e.DATABASE_URL,
    root_key: e.LETSPING_ROOT_KEY,
    host: e.LETSPING_HOST,
    port: e.LETSPING_PORT,
    public_url: e.LETSPING_PUBLIC_URL?.replace(/\/+$/, ''),
    task_queue: e.LETSPING_TASK_QUEUE,
    status_hold_ms: e.LETSPING_STATUS_HOLD_MS,
    log_level: e.LOG_LEVEL,
  });
}
