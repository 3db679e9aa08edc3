import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { openAccess, type Scope } from '../../src/core/access.ts';
import type { AuditEntry } from '../../src/core/audit.ts';
import { AppError } from '../../src/core/errors.ts';
import { neverProbed, withVantage, type HealthSummary, type Verdict } from '../../src/core/health-summary.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { RecordFields } from '../../src/core/record.ts';
import { parseFilter } from '../../src/query/filter.ts';
import type { SortKey, SortPosition } from '../../src/query/sort.ts';
import type { NewRecord, RecordMeta, RecordStore, StoredRecord } from '../../src/store/port.ts';

/** A place where one store keeps its records, at first empty. */
export interface StoreFixture {
  /** Opens the store of this place. Opened again after it was closed, it finds what it had; one is open at a time. */
  open(): Promise<RecordStore>;
  /** What is in the place that should not be, while no store is open. */
  leftovers(): Promise<readonly string[]>;
  /** Takes the place away. */
  dispose(): Promise<void>;
}

export const TIME = '2026-01-02T03:04:05.678Z';

/** A valid record; `fields` replace its own. */
export function recordOf(id: string, fields: Partial<RecordFields> = {}): RecordFields {
  return {
    container_registry_id: id,
    container_registry_name: `registry ${id}`,
    container_registry_metadata: {},
    container_registry_tags: [],
    container_registry_public_url: 'http://127.0.0.1:5000',
    container_registry_image_prefix: '127.0.0.1:5000',
    container_registry_config: {},
    container_registry_storage_info: {},
    ...fields,
  };
}

export function newRecord(id: string, fields: Partial<RecordFields> = {}, rest: Partial<Omit<NewRecord, 'record'>> = {}): NewRecord {
  return { record: recordOf(id, fields), meta: metaOf(), health: neverProbed(TIME), ...rest };
}

/** The book-keeping of a record that is open to every principal; `fields` replace its own. */
export function metaOf(fields: Partial<RecordMeta> = {}): RecordMeta {
  return { created_at: TIME, updated_at: TIME, revision: 1, ...openAccess, ...fields };
}

export const neverAborted: AbortSignal = new AbortController().signal;

interface Search {
  readonly scope?: Scope | null;
  readonly sort?: readonly SortKey[];
  readonly after?: SortPosition | null;
  readonly limit?: number | null;
}

export async function find(store: RecordStore, filter: JsonObject, { scope = null, sort = [], after = null, limit = null }: Search = {}): Promise<StoredRecord[]> {
  const found: StoredRecord[] = [];
  for await (const batch of store.find({ filter: parseFilter(filter), scope, sort, after, limit }, neverAborted)) found.push(...batch);
  return found;
}

export async function findIds(store: RecordStore, filter: JsonObject, search: Search = {}): Promise<string[]> {
  return (await find(store, filter, search)).map(({ id }) => id);
}

export function count(store: RecordStore, filter: JsonObject, scope: Scope | null = null): Promise<number> {
  return store.count(parseFilter(filter), scope, neverAborted);
}

/** The whole text, put together as the port says. */
export async function allText(store: RecordStore, scope: Scope | null = null): Promise<string> {
  const chunks: string[] = [];
  for await (const chunk of store.readAllText(scope, neverAborted)) chunks.push(Buffer.from(chunk).toString());
  return chunks.join(',');
}

/** Inserts a batch of records, all or those at some positions. */
export function insertMany(store: RecordStore, insertions: readonly { readonly record: NewRecord; readonly audit?: AuditEntry }[], positions = [...insertions.keys()]): Promise<readonly string[]> {
  const batch = store.newBatch();
  for (const { record, audit } of insertions) batch.add(record, audit);
  return batch.insert(positions);
}

/** The whole catalog read as lines. */
export async function allLines(store: RecordStore, withMeta: boolean, scope: Scope | null = null): Promise<unknown[]> {
  const chunks: string[] = [];
  for await (const chunk of store.readAllLines(scope, withMeta, neverAborted)) chunks.push(Buffer.from(chunk).toString());
  return chunks.flatMap((chunk) => chunk.split('\n').slice(0, -1)).map((line) => JSON.parse(line) as unknown);
}

/** The code of the AppError that `work` fails with; fails the test when it does not fail so. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  const outcome: unknown = await work.then((value) => `succeeded with ${JSON.stringify(value)}`, (error: unknown) => error);
  if (outcome instanceof AppError) return outcome.code;
  throw outcome instanceof Error ? outcome : new Error(String(outcome));
}

/** What keeps this process busy or open files: names, one for each. */
export function openResources(): string[] {
  // One of our own is opened by the very listing.
  const descriptors = existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').map(targetOf).filter((target) => !target.endsWith('/fd')) : [];
  return [...process.getActiveResourcesInfo(), ...descriptors.map((target) => target.replace(/\[\d+\]$/, ''))].sort();
}

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '/fd';
  }
}

/** Those of `after` that `before` has no counterpart of. */
export function additional(before: readonly string[], after: readonly string[]): string[] {
  const rest = [...before];
  return after.filter((name) => {
    const index = rest.indexOf(name);
    if (index !== -1) rest.splice(index, 1);
    return index === -1;
  });
}

/** What a record says after a probe from one vantage. */
export function probed(status: Verdict): HealthSummary {
  return withVantage(neverProbed(TIME), 'default', { status, cause: status === 'up' ? 'ok' : 'refused', since: TIME });
}
