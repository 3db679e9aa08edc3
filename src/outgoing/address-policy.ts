import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A range of addresses; `text` is how the operator wrote it. */
export interface Cidr {
  readonly text: string;
  readonly network: ipaddr.IPv4 | ipaddr.IPv6;
  readonly prefixLength: number;
}

/** What an operator may decide about outgoing connections. What `decideAddress` refuses to everybody is not among it. */
export interface AddressPolicy {
  /** Whether Portolan itself is reached over loopback only; then its users are on this machine and may point at it. */
  readonly loopback: boolean;
  /** `PROBE_ALLOW_CIDRS`: wins over `deny`. */
  readonly allow: readonly Cidr[];
  /** `PROBE_DENY_CIDRS` */
  readonly deny: readonly Cidr[];
}

/** `reason` is the end of a sentence that begins with the address. */
export type AddressDecision = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

type Address = ipaddr.IPv4 | ipaddr.IPv6;

const ALLOWED: AddressDecision = { allowed: true };
const refuse = (reason: string): AddressDecision => ({ allowed: false, reason });

function parseCidr(text: string): Cidr | null {
  const [address = '', length, ...rest] = text.split('/');
  const family = isIP(address);
  // ipaddr.js would also take octal and shortened forms, which people and programs read differently.
  if (family === 0 || address.includes('%') || rest.length > 0) return null;
  const lengthMax = family === 4 ? 32 : 128;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return null;
  const prefixLength = length === undefined ? lengthMax : Number(length);
  return prefixLength > lengthMax ? null : { text, network: ipaddr.parse(address), prefixLength };
}

/**
 * Reads a comma-separated list of ranges such as `10.0.0.0/8, fd12::/16, 192.0.2.7`; empty text is an empty list.
 * @throws {Error} naming the entry that is not a range
 */
export function parseCidrs(text: string): Cidr[] {
  const entries = text.split(',').map((entry) => entry.trim()).filter((entry) => entry !== '');
  return entries.map((entry) => {
    const cidr = parseCidr(entry);
    if (cidr === null) throw new Error(`"${entry}" is not an address range such as 10.0.0.0/8 or fd12:3456::/32`);
    return cidr;
  });
}

function contains(cidr: Cidr, address: Address): boolean {
  return cidr.network.kind() === address.kind() && address.match(cidr.network, cidr.prefixLength);
}

interface RangeRule {
  readonly ranges: readonly Cidr[];
  readonly reason: string;
}

/**
 * Ranges that nothing may open: each leads to the machine or the cloud account that Portolan runs on, or to no registry at all.
 * Most clouds serve metadata at link-local addresses; those that do not are listed one by one.
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const never: readonly RangeRule[] = [
  { ranges: parseCidrs('169.254.0.0/16, fe80::/10'), reason: 'is link-local, where clouds serve the metadata of their machines' },
  {
    // In this order: Alibaba, Azure, Oracle (classic); Amazon's block of services, Google, Oracle, Scaleway, Akamai, Alibaba.
    ranges: parseCidrs(
      '100.100.100.200, 168.63.129.16, 192.0.0.192, fd00:ec2::/32, fd20:ce::254, fd00:c1::a9fe:a9fe, fd00:42::42, fd00:a9fe:a9fe::1, fd00:100::100:200',
    ),
    reason: 'serves the metadata of a cloud’s machines',
  },
  { ranges: parseCidrs('0.0.0.0/8, ::/128'), reason: 'is unspecified and means this machine' },
  { ranges: parseCidrs('224.0.0.0/4, ff00::/8'), reason: 'is a multicast address' },
  { ranges: parseCidrs('255.255.255.255'), reason: 'is the broadcast address' },
  { ranges: parseCidrs('240.0.0.0/4'), reason: 'is reserved' },
];

const loopback = parseCidrs('127.0.0.0/8, ::1/128');

/**
 * Forms of IPv6 that stand for an IPv4 address: compatible, mapped, translated, 6to4 and Teredo. No registry is named by
 * them, and what they lead to depends on the machine.
 */
const wrappedIPv4 = parseCidrs('::/96, ::ffff:0:0/96, ::ffff:0:0:0/96, 2002::/16, 2001::/32');

/** NAT64 (RFC 6052, RFC 8215): how machines without IPv4 reach IPv4 registries; the last 32 bits are the address. */
const nat64 = parseCidrs('64:ff9b::/96, 64:ff9b:1::/48');

const uniqueLocal = parseCidrs('fc00::/7');
const globalUnicast = parseCidrs('2000::/3');

const isIn = (ranges: readonly Cidr[], address: Address): boolean => ranges.some((range) => contains(range, address));

function neverReason(address: Address): string | null {
  if (isIn(loopback, address)) return null;
  const rule = never.find(({ ranges }) => isIn(ranges, address));
  if (rule !== undefined) return rule.reason;
  return isIn(wrappedIPv4, address) ? 'wraps an IPv4 address; name that address itself' : null;
}

function decideByLists(address: Address, policy: AddressPolicy): AddressDecision | null {
  if (isIn(policy.allow, address)) return ALLOWED;
  const denied = policy.deny.find((range) => contains(range, address));
  return denied === undefined ? null : refuse(`lies in ${denied.text}, which PROBE_DENY_CIDRS forbids`);
}

/** Behind NAT64 loopback is the gateway's own, never ours, so no setting opens it. */
function decideEmbedded(address: Address, policy: AddressPolicy): AddressDecision {
  const embedded = ipaddr.fromByteArray(address.toByteArray().slice(12));
  const decision = isIn(loopback, embedded) ? refuse('is a loopback address') : decideParsed(embedded, policy);
  return decision.allowed ? ALLOWED : refuse(`leads to ${embedded.toString()}, which ${decision.reason}`);
}

function decideParsed(address: Address, policy: AddressPolicy): AddressDecision {
  const reason = neverReason(address);
  if (reason !== null) return refuse(reason);
  const isNat64 = isIn(nat64, address);
  if (isNat64) {
    const embedded = decideEmbedded(address, policy);
    if (!embedded.allowed) return embedded;
  }
  const listed = decideByLists(address, policy);
  if (listed !== null) return listed;
  if (isIn(loopback, address)) {
    return policy.loopback ? ALLOWED : refuse('is a loopback address, which is dialled only while Portolan itself is bound to loopback');
  }
  // Private ranges are where most registries live. ipaddr.js calls much of IPv6 unicast that nobody has assigned.
  const ordinary = address.kind() === 'ipv4' || isNat64 || isIn(uniqueLocal, address) || isIn(globalUnicast, address);
  return ordinary ? ALLOWED : refuse('lies outside the ranges of IPv6 that are in use');
}

/**
 * Decides whether a connection to `address` may be opened (design section 6). First what is never allowed, then the
 * operator's `allow` and `deny`, then loopback; private and public addresses are allowed.
 * @param address as resolvers and URLs write it: dotted IPv4 or IPv6 without brackets; anything else is refused
 */
export function decideAddress(address: string, policy: AddressPolicy): AddressDecision {
  if (isIP(address) === 0) return refuse('is not an IP address');
  return decideParsed(ipaddr.parse(address), policy);
}
