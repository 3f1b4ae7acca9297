import { expect } from 'vitest';
import { createLoginLink } from '../../storage/access/login-link.ts';
import { openedLink } from './opened-link.ts';
import type { TestSystem } from './system.ts';

interface Answer {
  status: number;
  text: string;
  headers: Headers;
  location: string | null;
  cookie: string | undefined;
}

/** A visitor of the page: sends forms, follows no redirects, and handles the cookie itself. */
export function visitorOf(system: () => TestSystem) {
  async function send(
    path: string,
    init: RequestInit & { cookie?: string | undefined; origin?: string | null; fields?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { url } = system().api;
    const { cookie, origin = url, fields, ...rest } = init;
    const answer = await fetch(`${url}${path}`, {
      ...rest,
      ...(fields && { method: 'POST', body: new URLSearchParams(fields) }),
      redirect: 'manual',
      headers: { ...(cookie !== undefined && { cookie }), ...(fields && origin !== null && { origin }) },
    });
    const set = answer.headers.getSetCookie().find((text) => /^(?:__Host-)?letsping=[^;]/.test(text));
    return {
      status: answer.status,
      text: await answer.text(),
      headers: answer.headers,
      location: answer.headers.get('location'),
      cookie: set?.split(';')[0],
    };
  }

  const loginLink = (owner = 'ana') =>
    createLoginLink({
      databaseUrl: system().database.app_url,
      rootKey: system().env['LETSPING_ROOT_KEY']!,
      project_id: system().project_id,
      owner,
    });

  const opened = (once: string) => openedLink(system().api.url, once);

  async function signIn(owner = 'ana'): Promise<string> {
    const answer = await send('/login', await opened(await loginLink(owner)));
    expect(answer).toMatchObject({ status: 303, location: '/' });
    return answer.cookie!;
  }

  const open = async (payload: unknown, more: object = {}): Promise<{ id: string; payload_digest: string }> =>
    (
      await system().call(system().agent_api_key, 'POST', '/api/ingest', {
        service: 'billing',
        action: 'refund',
        payload,
        ...more,
      })
    ).body;

  return { send, loginLink, opened, signIn, open };
}
