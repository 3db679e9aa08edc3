import { StartError } from '../core/errors.ts';
import { isLoopbackName } from '../core/loopback.ts';
import type { AdministratorState } from './administrator.ts';

/** Who can reach this service, and what follows from it (design section 6). */
export interface Exposure {
  /** Only this machine can reach it: secrets may go over plain HTTP. */
  readonly loopback: boolean;
  /**
   * Only names of this machine are answered: a web page must not reach it by DNS rebinding. Behind a proxy requests come under the
   * proxy's names, which a login makes harmless.
   */
  readonly ownNamesOnly: boolean;
  /** Callers say who they are; otherwise everybody is `localPrincipal`. */
  readonly demandsLogin: boolean;
  /** What the operator must be told at every start, if anything. */
  readonly warning: string | null;
}

/**
 * Decides how far the service is open.
 * @param isBehindProxy whether a proxy in front is trusted
 */
export function decideExposure(host: string, auth: 'auto' | 'on' | 'off', isBehindProxy: boolean): Exposure {
  const loopback = isLoopbackName(host);
  const demandsLogin = auth === 'on' || (auth === 'auto' && !loopback);
  const isOpen = !loopback && !demandsLogin;
  return { loopback, ownNamesOnly: loopback && !(demandsLogin && isBehindProxy), demandsLogin, warning: isOpen ? `AUTH=off: everybody who reaches ${host === '' ? 'any address of this machine' : host} has all rights.` : null };
}

/**
 * A service that demands a login that nobody has would be of no use, and one that waits for its first administrator on an open address
 * could be taken by whoever comes first.
 * @throws {StartError}
 */
export function refuseWithoutAdministrator({ demandsLogin, loopback }: Exposure, host: string, administrator: AdministratorState): void {
  if (!demandsLogin || administrator.state !== 'missing') return;
  throw new StartError(`${loopback ? 'AUTH=on' : `HOST=${host}`} demands a login, but nobody can administer: ${administrator.reason}`);
}
