import { z } from 'zod/v4';
import { Role } from './key.ts';

/** A person who is signed in to the approval page. The token of the cookie is stored as a hash, and is never shown. */
export const SignInSession = z
  .object({
    id: z.string(),
    owner: z.string(),
    role: Role,
    key_id: z.string().nullable().meta({ description: 'The key that was used to sign in; null: a sign-in link' }),
    created_at: z.string(),
    expires_at: z.string(),
    authentic: z.boolean().meta({
      description: 'False: the stored session was not written by this server, or had ended before. It is refused',
    }),
  })
  .meta({ id: 'SignInSession', title: 'SignInSession' });
export type SignInSession = z.infer<typeof SignInSession>;

export const SessionList = z
  .object({ items: z.array(SignInSession) })
  .meta({ id: 'SessionList', title: 'SessionList' });
export type SessionList = z.infer<typeof SessionList>;
