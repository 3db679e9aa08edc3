import { isLoopbackName } from '../core/loopback.ts';

// RFC 9110, section 7.2: a host, and a port after a colon; an IPv6 address stands in brackets.
const HOST_HEADER = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/@]+))(?::\d{1,5})?$/;

/**
 * Whether a `Host` header names this machine. A web page that points a name of its own at 127.0.0.1 (DNS rebinding)
 * still sends that name, and is turned away by it.
 */
export function namesThisMachine(hostHeader: string | undefined): boolean {
  const match = HOST_HEADER.exec(hostHeader ?? '');
  const name = match?.[1] ?? match?.[2];
  return name !== undefined && isLoopbackName(name);
}
