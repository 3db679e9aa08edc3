/** Figures that the service tells of itself on `/metrics`. */
export interface Scrape {
  /** The sum of all series of a metric; 0 where there are none yet. */
  sum(name: string): number;
  /** Counts of a histogram without labels by the upper ends of its buckets, in order, each with those below. */
  buckets(name: string): ReadonlyMap<number, number>;
}

export async function scrape(port: number): Promise<Scrape> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await response.text();
  if (!response.ok) throw new Error(`/metrics was answered with ${response.status}: ${text.slice(0, 500)}`);
  return {
    sum: (name) => [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0),
    buckets: (name) => new Map([...text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\S+)$`, 'gm'))].map(([, le, count]) => [le === '+Inf' ? Infinity : Number(le), Number(count)])),
  };
}

/**
 * The upper end of the bucket in which the percentile lies of what was observed between two scrapes: at most so much.
 * @throws {Error} where nothing was observed
 */
export function percentileBetween(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>, percent: number): number {
  const counts = [...after].map(([end, count]) => ({ end, count: count - (before.get(end) ?? 0) }));
  const all = counts.at(-1)?.count ?? 0;
  if (all === 0) throw new Error('Nothing was observed between the two scrapes.');
  return counts.find(({ count }) => count >= (percent / 100) * all)?.end ?? Infinity;
}
