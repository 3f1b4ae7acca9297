import type { Grant, IdentityStore } from '../../domain/access/ports.ts';
import { DomainError } from '../../domain/errors.ts';

/** Why access ended. `unverified`: the database could not be asked for `UNVERIFIED_MS`. */
export type GrantEnd = 'revoked' | 'unverified';

/** The access of one call, from its authentication until its answer is complete. */
export interface OpenGrant {
  /** Null for a call with a key. */
  readonly session_id: string | null;
  /** Runs at most once, when access ends before the call does; at once if it has ended. */
  onEnd(listener: (why: GrantEnd) => void): void;
  /** @throws DomainError `unauthenticated` | `database_unavailable` when access has ended */
  check(): void;
  /** Asks the database. @throws DomainError as `check` */
  confirm(): Promise<void>;
  /** The call is over. */
  release(): void;
}

/** What is open in this process, and what its access relies on. */
export interface Grants {
  hold(grant: Grant): OpenGrant;
  keyRevoked(key_id: string): void;
  sessionEnded(session_id: string): void;
  /** No more queries. */
  stop(): void;
}

const SWEEP_MS = 500;
const UNVERIFIED_MS = 10_000;

const refusal = (why: GrantEnd): DomainError =>
  why === 'revoked'
    ? new DomainError(
        'unauthenticated',
        'The key or session of this call was revoked, or has ended or expired meanwhile.',
      )
    : new DomainError('database_unavailable', 'Whether this call is still allowed could not be checked. Try again.', {
        retry_after: 2,
      });

interface Held {
  grant: Grant;
  /** When the database last confirmed it. */
  confirmed_at: number;
  end(why: GrantEnd): void;
}

/**
 * Ends what is open when its key is revoked, its session ends, or either expires: event streams, held reads, uploads, and the next step of
 * a long call. The attacker holds a key that an administrator revokes, and keeps a connection open. While anything is open, one query each
 * 500 ms asks about all of it: the promise of a second relies on that sweep alone, because a notification can be lost or suppressed.
 */
export function createGrants(identities: Pick<IdentityStore, 'endedAmong'>): Grants {
  const held = new Set<Held>();
  let timer: NodeJS.Timeout | undefined;
  let isSweeping = false;
  let isStopped = false;

  const endWhere = (isEnded: (entry: Held) => boolean, why: GrantEnd) => {
    for (const entry of [...held]) if (isEnded(entry)) entry.end(why);
  };
  const isExpired = ({ grant }: Held) => grant.expires_at !== null && grant.expires_at.getTime() <= Date.now();

  async function sweep(): Promise<void> {
    const asked = [...held];
    const asked_at = performance.now();
    const ended = await identities.endedAmong(
      asked.map(({ grant }) => grant),
      'sweep',
    );
    for (const entry of asked) {
      if (ended(entry.grant)) entry.end('revoked');
      else entry.confirmed_at = asked_at;
    }
  }
  /** A sweep that hangs must not stop the clock of `UNVERIFIED_MS`, so the timer does not wait for it. */
  function tick(): void {
    timer = undefined;
    endWhere(isExpired, 'revoked');
    endWhere(({ confirmed_at }) => performance.now() - confirmed_at > UNVERIFIED_MS, 'unverified');
    if (held.size === 0 || isStopped) return;
    schedule();
    if (isSweeping) return;
    isSweeping = true;
    sweep()
      .catch(() => {}) // the next sweep asks again, until `UNVERIFIED_MS`
      .finally(() => {
        isSweeping = false;
      });
  }
  const schedule = () => {
    if (!isStopped) timer ??= setTimeout(tick, SWEEP_MS).unref();
  };

  return {
    hold(grant) {
      let over: GrantEnd | 'released' | undefined;
      let listeners: ((why: GrantEnd) => void)[] | undefined;
      const entry: Held = {
        grant,
        confirmed_at: performance.now(),
        end(why) {
          if (over !== undefined) return;
          over = why;
          held.delete(entry);
          for (const listener of listeners ?? []) listener(why);
        },
      };
      held.add(entry);
      schedule();
      const check = () => {
        if (over === 'revoked' || over === 'unverified') throw refusal(over);
      };
      return {
        session_id: grant.session_id,
        onEnd(listener) {
          if (over === 'revoked' || over === 'unverified') listener(over);
          else if (over === undefined) listeners = [...(listeners ?? []), listener];
        },
        check,
        async confirm() {
          check();
          if (isExpired(entry) || (await identities.endedAmong([grant], 'call'))(grant)) entry.end('revoked');
          check();
        },
        release() {
          over ??= 'released';
          held.delete(entry);
        },
      };
    },
    keyRevoked: (key_id) => endWhere(({ grant }) => grant.key_id === key_id, 'revoked'),
    sessionEnded: (session_id) => endWhere(({ grant }) => grant.session_id === session_id, 'revoked'),
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
