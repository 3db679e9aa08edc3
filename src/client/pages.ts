import { limits } from '../core/limits.ts';
import { ClientError } from './errors.ts';
import type { Call, Exchange } from './exchange.ts';

/**
 * The entries of all pages of a list, one page in memory at a time. Of each `Link` only the cursor is taken, so that a
 * page cannot lead anywhere but to the same list of the same service.
 * @param countMax at most so many entries; Infinity for all
 */
export async function* entriesOf<Entry>(exchange: Exchange, call: Call, countMax: number): AsyncGenerator<Entry, void, undefined> {
  let cursor: string | undefined;
  for (let left = countMax; left > 0; ) {
    const limit = Math.min(left, limits.pageSizeMax);
    const { data, headers } = await exchange.data({ ...call, query: { ...call.query, limit, cursor } });
    if (!Array.isArray(data)) throw new ClientError('NOT_PORTOLAN', `The answer to ${call.method} ${call.path} is not a list.`);
    const entries = data.slice(0, limit) as Entry[];
    yield* entries;
    left -= entries.length;
    const next = nextCursor(headers.get('link'));
    if (next === null) return;
    if (next === cursor) throw new ClientError('NOT_PORTOLAN', `The pages of ${call.method} ${call.path} go round in a circle.`);
    cursor = next;
  }
}

/** The cursor of the page that a `Link` header calls next; null on the last one. @see RFC 8288 */
export function nextCursor(link: string | null): string | null {
  const target = /<([^>]*)>\s*;[^,<]*\brel="?next\b/.exec(link ?? '')?.[1];
  if (target === undefined) return null;
  return new URLSearchParams(target.slice(target.indexOf('?') + 1)).get('cursor');
}
