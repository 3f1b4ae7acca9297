import { randomBytes } from 'node:crypto';
import pg from 'pg';

/**
 * Creates the login of api and worker: a member of `letsping_app` that owns no table and has no BYPASSRLS. A deployment sets
 * name and password. For `letsping dev` and tests both are generated here, with a new password at every call, so that none has
 * to be stored.
 * @returns the URL of the same database for that login.
 */
export async function ensureAppLogin(ownerUrl: string, given?: { login: string; password: string }): Promise<string> {
  const url = new URL(ownerUrl);
  const database = decodeURIComponent(url.pathname.slice(1)).replaceAll(/[^a-z0-9_]/gi, '_');
  const login = given?.login ?? `letsping_app_${database}`.slice(0, 63);
  const password = given?.password ?? randomBytes(24).toString('base64url');
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'letsping migrate' });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [login]);
    const name = client.escapeIdentifier(login);
    // Only a superuser may write "nosuperuser" for an existing role. A new role has neither right by default.
    const verb = rowCount ? 'alter' : 'create';
    await client.query(`${verb} role ${name} login password ${client.escapeLiteral(password)}`);
    await client.query(`grant letsping_app to ${name}`);
  } finally {
    await client.end();
  }
  url.username = login;
  url.password = password;
  return url.href;
}
