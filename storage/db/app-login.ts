import { randomBytes } from 'node:crypto';
import pg from 'pg';

/**
 * Makes the login that api and worker connect as: a member of `letsping_app`, owner of no table, without BYPASSRLS. A
 * deployment gives name and password; for `letsping dev` and tests both are made here, the password new at every call, so that
 * nothing has to be kept.
 * @returns the URL of the same database as that login.
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
    // Who is no superuser may not even say "nosuperuser" of a role that stands; a new one has neither right by itself.
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
