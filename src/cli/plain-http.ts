import { isLoopbackName } from '../core/loopback.ts';

/** Whether what is sent to this URL crosses a network unencrypted. */
export function crossesNetworkInTheClear(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !isLoopbackName(hostname.replace(/^\[|\]$/g, ''));
}
