import type { CommandCode } from '../contracts/command-codes.ts';
import { CommandFailed } from './command.ts';

const CODES: Record<string, CommandCode> = {
  ConfigError: 'configuration',
  RootKeyRefused: 'root_key',
  StartRefused: 'start_refused',
  AnchorUnusable: 'start_refused',
  SelfTestFailed: 'self_test_failed',
  MigrationRefused: 'migration_refused',
  TemporalRefused: 'temporal_refused',
};

/** Turns known reasons why a process cannot start into one sentence; every other error is a bug and keeps its stack. */
export function startRefusal(error: unknown): never {
  if (!(error instanceof Error)) throw error;
  const code = CODES[error.name];
  if (code) throw new CommandFailed(code, error.message);
  const { code: errno } = error as NodeJS.ErrnoException;
  if (errno === 'EADDRINUSE') throw new CommandFailed('port_taken', error.message, 'set another LETSPING_PORT');
  if (errno === 'ECONNREFUSED' || /database_unavailable|does not answer/.test(error.message))
    throw new CommandFailed(
      'database_unavailable',
      `PostgreSQL does not answer: ${error.message}`,
      'check DATABASE_URL',
    );
  // 14 unavailable, 4 deadline exceeded.
  if (error.name === 'TransportError' || [14, 4].includes(errno as unknown as number))
    throw new CommandFailed(
      'temporal_unavailable',
      `Temporal does not answer: ${error.message}`,
      'check TEMPORAL_ADDRESS',
    );
  throw error;
}
