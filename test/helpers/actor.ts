import type { Actor } from '../../domain/acts/act.ts';

/** A person with a key, as the api records them. */
export const actor = (owner: string): Actor => ({ owner, key_id: null, surface: 'api', address: '127.0.0.1' });
