import { isIPv4 } from 'node:net';

/** Whether a host name or address (without brackets) can only mean this machine. `localhost` names are loopback by RFC 6761. */
export function isLoopbackName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}
