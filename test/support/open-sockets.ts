import { setTimeout as delay } from 'node:timers/promises';

/** Polls until `condition` holds; returns whether it came to hold in time. */
export async function eventually(condition: () => boolean, patienceMs = 3_000): Promise<boolean> {
  const endMs = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() > endMs) return false;
    await delay(5);
  }
  return true;
}

/** TCP and TLS sockets of this process that keep it alive, of clients and servers alike; listening ones do not count. */
export function openSockets(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /^(TCPSocketWrap|TCPWRAP|TCPConnectWrap|TLSWRAP|TLSWrap)$/.test(name));
}

/** Timers of this process that keep it alive; the test runner has some of its own. */
export function runningTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
