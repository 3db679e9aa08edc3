import type { AuditEntry } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import type { EntryStore } from '../store/access-port.ts';
import type { Log } from '../telemetry/logs.ts';
import { createAccessTokens } from './access-token.ts';
import { createAccounts, type Accounts } from './accounts.ts';
import { createAuthenticator, type Authenticator } from './authenticator.ts';
import { createLoginThrottle } from './login-throttle.ts';
import { createPasswordHasher, type PasswordHasher } from './passwords.ts';
import { anonymousPrincipal } from './permissions.ts';
import { createSessions } from './sessions.ts';
import { createSigningKeys } from './signing-keys.ts';

interface AccessOptions {
  readonly entries: EntryStore;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly log: Pick<Log, 'debug'>;
  /** Tells the audit of what no write tells it, in the background. */
  readonly note: (entry: AuditEntry) => void;
  /** `ANONYMOUS_READ` */
  readonly anonymousRead: boolean;
  readonly hasher?: PasswordHasher;
}

/** Accounts, and the authenticator that knows at once what they change. */
export function createAccess({ entries, ring, clock, log, note, anonymousRead, hasher = createPasswordHasher() }: AccessOptions): { readonly accounts: Accounts; readonly authenticator: Authenticator } {
  const keys = createSigningKeys({ entries, ring, clock });
  const accessTokens = createAccessTokens({ keys, clock });
  const authenticator = createAuthenticator({ entries, accessTokens, anonymous: anonymousPrincipal(anonymousRead), clock, log });
  const forget = (): void => authenticator.forget();
  const sessions = createSessions({ entries, ring, accessTokens, clock, onReuse: forget });
  const accounts = createAccounts({ entries, ring, keys, sessions, hasher, throttle: createLoginThrottle(clock), clock, note, forget });
  return { accounts, authenticator };
}
