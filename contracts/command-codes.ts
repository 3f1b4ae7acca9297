/**
 * Codes that only the command line raises. With `--json` a failed command prints `{"error": {"code": …}}`, which scripts read;
 * a refusal of the server keeps its own code there.
 */
export const COMMAND_CODES = [
  // any command that calls the server
  'not_connected',
  'no_proposed_patch',
  // api, worker, migrate, doctor, rotate-root-key
  'configuration',
  'root_key',
  'start_refused',
  'self_test_failed',
  'migration_refused',
  'temporal_refused',
  'port_taken',
  // dev and demo
  'data_dir_unusable',
  'data_dir_in_use',
  'remote_refused',
  'root_key_missing',
  'postgres_missing',
  'postgres_user_missing',
  'folder_closed',
  'postgres_failed',
  'database_unreachable',
  'temporal_missing',
  'temporal_failed',
  'temporal_unreachable',
  'service_failed',
  'no_free_port',
  'agent_failed',
  'demo_not_installed',
  'demo_failed',
  'editor_failed',
  'interrupted',
] as const;
export type CommandCode = (typeof COMMAND_CODES)[number];
