import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { limits } from '../core/limits.ts';
import { orAborted } from './abort.ts';
import { codeOf, DialError } from './dial-error.ts';

/** Turns a name into addresses, in the order in which they should be tried. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

/** The system's own resolver, so that hosts files and search domains count as they do for every other program here. */
export const lookupBySystem: Lookup = async (hostname) => {
  const found = await systemLookup(hostname, { all: true, order: 'verbatim' });
  return found.map(({ address }) => address);
};

/** Families in turn (RFC 8305 section 4), so that one that is broken on this machine costs a single head start. */
export function inTurn(addresses: readonly string[]): string[] {
  const first = addresses.filter((address) => isIP(address) === isIP(addresses[0] ?? ''));
  const second = addresses.filter((address) => !first.includes(address));
  const turns = Array.from({ length: Math.max(first.length, second.length) }, (_, turn) => [first[turn], second[turn]]);
  return turns.flat().filter((address) => address !== undefined);
}

export type Resolve = (hostname: string, signal: AbortSignal) => Promise<string[]>;

/**
 * A resolver that asks once for callers who want the same name at the same time. A lookup of the system cannot be called
 * off, so callers leave it behind when their signal aborts; `limits.dnsLookupsMax` bounds how many may be left.
 */
export function createResolve(lookup: Lookup): Resolve {
  const running = new Map<string, Promise<readonly string[]>>();

  function start(hostname: string): Promise<readonly string[]> {
    if (running.size >= limits.dnsLookupsMax) {
      throw new DialError('dns', 'EBUSY', `The name ${hostname} was not resolved: too many lookups are waiting for an answer.`);
    }
    const forget = (): boolean => running.delete(hostname);
    const work = lookup(hostname);
    running.set(hostname, work);
    work.then(forget, forget);
    return work;
  }

  return async (hostname, signal) => {
    try {
      const addresses = await orAborted(running.get(hostname) ?? start(hostname), signal);
      if (addresses.length > 0) return inTurn(addresses);
    } catch (error) {
      if (signal.aborted || error instanceof DialError) throw error;
      throw new DialError('dns', codeOf(error), `The name ${hostname} could not be resolved (${codeOf(error)}).`, { cause: error });
    }
    throw new DialError('dns', 'ENODATA', `The name ${hostname} has no address.`);
  };
}
