import { randomBytes } from 'node:crypto';
import pg from 'pg';

/**
 * Makes the login that api and worker connect as: a member of `letsping_app`, owner of no table, without BYPASSRLS. For
 * `letsping dev` and tests, where the database's owner is at hand; a deployment makes its own (docs/deployment). The password
 * is new at every call, so nothing has to be kept.
 * @returns the URL of the same database as that login.
 */
export async function ensureAppLogin(ownerUrl: string): Promise<string> {
  const url = new URL(ownerUrl);
  const login = `letsping_app_${decodeURIComponent(url.pathname.slice(1)).replaceAll(/[^a-z0-9_]/gi, '_')}`.slice(
    0,
    63,
  );
  const password = randomBytes(24).toString('base64url');
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'letsping dev' });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [login]);
    const name = client.escapeIdentifier(login);
    await client.query(
      `${rowCount ? 'alter' : 'create'} role ${name} login nosuperuser nobypassrls password ${client.escapeLiteral(password)}`,
    );
    await client.query(`grant letsping_app to ${name}`);
  } finally {
    await client.end();
  }
  url.username = login;
  url.password = password;
  return url.href;
}
