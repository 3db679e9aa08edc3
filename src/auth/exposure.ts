import { isIPv4 } from 'node:net';
import { StartError } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';

/** Who can reach this service, and what follows from it (design section 6). */
export interface Exposure {
  readonly loopback: boolean;
  /** Whoever calls is this principal until there are users. */
  readonly principal: Principal;
  /** What the operator must be told at every start, if anything. */
  readonly warning: string | null;
}

/** Whether a host name or address (without brackets) can only mean this machine. `localhost` names are loopback by RFC 6761. */
export function isLoopbackName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

/**
 * Decides how far the service is open.
 * @throws {StartError} where it would be open to a network without the operator having said so
 */
export function decideExposure(host: string, auth: 'auto' | 'on' | 'off'): Exposure {
  if (auth === 'on') throw new StartError('AUTH=on: access control is not built yet. Bind HOST to 127.0.0.1, or put a proxy that authenticates in front.');
  const loopback = isLoopbackName(host);
  if (!loopback && auth === 'auto') {
    throw new StartError(
      `HOST=${host} would open the catalog, with all rights, to everybody who reaches that address. Bind HOST to 127.0.0.1, or set AUTH=off if that is what you want.`,
    );
  }
  return {
    loopback,
    principal: { kind: loopback ? 'local' : 'anonymous' },
    warning: loopback ? null : `AUTH=off: everybody who reaches ${host} has all rights.`,
  };
}
