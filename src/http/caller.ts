import { ipKeyGenerator } from 'express-rate-limit';
import type { Principal } from '../core/principal.ts';
import type { LimitKey } from './rate-limit.ts';

/** Bits of an IPv6 address that tell one customer's network from another's. */
const CUSTOMER_BITS = 56;

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** A socket's address as people know it: on a socket that takes both, IPv4 addresses come dressed as IPv6. */
export function plainAddress(address: string | undefined): string {
  return MAPPED_IPV4.exec(address ?? '')?.[1] ?? address ?? '';
}

/** Whose account a request goes to: the user's, whichever session or token it comes with; the address's where nobody has logged in. */
export function limitKeyOf({ user }: Pick<Principal, 'user'>, address: string): LimitKey {
  return user === null ? addressKeyOf(address) : `user:${user}`;
}

/** IPv4 addresses are keys as they are; within IPv6 one customer has a whole network. */
export function addressKeyOf(address: string): LimitKey {
  return `address:${address.includes(':') ? ipKeyGenerator(address, CUSTOMER_BITS) : address}`;
}
