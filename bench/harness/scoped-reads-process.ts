import type { Json } from '../../src/core/json.ts';
import { parseFilter } from '../../src/query/filter.ts';
import type { RecordStore } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { createLog } from '../../src/telemetry/logs.ts';
import { annsScope } from '../records.ts';
import { answerParent } from './parent.ts';

export interface ScopedReads {
  readonly dataDir: string;
  readonly what: { readonly kind: 'pages'; readonly filters: readonly Json[]; readonly limit: number } | { readonly kind: 'count' | 'text' };
  readonly scoped: boolean;
  readonly times: number;
}

const { signal } = new AbortController();
let opened: Promise<RecordStore> | null = null;

/** Reads from a store as the service does, with a user's scope or without any; tells the milliseconds of the processor that each read took, in all threads. */
async function read({ dataDir, what, scoped, times }: ScopedReads): Promise<number> {
  const store = await (opened ??= openSqliteStore({ dataDir, log: createLog({ level: 'warn', format: 'json', fd: 2 }) }));
  const scope = scoped ? annsScope : null;
  const before = process.cpuUsage();
  for (let time = 0; time < times; time++) {
    if (what.kind === 'pages') {
      const filter = parseFilter(what.filters[time % what.filters.length]);
      for await (const batch of store.find({ filter, scope, sort: [], after: null, limit: what.limit }, signal)) if (batch.length > what.limit) throw new Error('A page is too long.');
    } else if (what.kind === 'count') {
      await store.count(parseFilter({}), scope, signal);
    } else {
      for await (const chunk of store.readAllText(scope, signal)) if (chunk.byteLength === 0) throw new Error('A chunk is empty.');
    }
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / times;
}

answerParent(read);
