import { limits } from '../../core/limits.ts';

/** Keeps one host from being asked by many probes at once, however many records name it. */
export interface HostCounts {
  /** @returns false when so many probes of the host are under way that another one has to come again later */
  enter(url: string): boolean;
  leave(url: string): void;
  /** How long to wait before coming again: the longer, the more were turned away since the host was last at rest. */
  retryAfterMs(url: string): number;
}

interface Count {
  running: number;
  turnedAway: number;
}

export function createHostCounts(probesMax: number = limits.probesPerHostMax): HostCounts {
  const counts = new Map<string, Count>();
  return {
    enter(url) {
      const host = hostOf(url);
      const count = counts.get(host) ?? { running: 0, turnedAway: 0 };
      const hasRoom = count.running < probesMax;
      if (hasRoom) count.running += 1;
      else count.turnedAway += 1;
      counts.set(host, count);
      return hasRoom;
    },
    leave(url) {
      const host = hostOf(url);
      const count = counts.get(host);
      if (count === undefined) return;
      count.running -= 1;
      if (count.running <= 0) counts.delete(host);
    },
    retryAfterMs(url) {
      const { turnedAway } = counts.get(hostOf(url)) ?? { turnedAway: 0 };
      return Math.max(limits.hostBusyMs, (1_000 * turnedAway) / limits.hostRetriesPerS);
    },
  };
}

/** A URL that is none has a count of its own; the probe says what is wrong with it. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
