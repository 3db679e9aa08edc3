/** Writing what results change. */
import { randomUUID } from 'node:crypto';
import type { Completion } from '../../health-port.ts';
import { READING, UNORDERED } from '../call-options.ts';
import { storedTokenOf } from './claims.ts';
import type { HealthCollections } from './collections.ts';
import { deliver, pendingOf, type Pending } from './pending.ts';
import { shownDocuments } from './record-lookup.ts';
import { fieldsOf, watchKeyOf, type WatchDocument } from './watch-document.ts';

/** One completion on its way. */
interface Writing {
  readonly completion: Completion;
  readonly key: string;
  readonly token: string;
  readonly pending: Pending | null;
}

/**
 * A result that changes nothing but its watch is one update that also gives the claim back. Others keep the claim until what
 * they bring besides is written everywhere (`pending.ts`).
 */
export async function complete(collections: HealthCollections, completions: readonly Completion[]): Promise<readonly boolean[]> {
  const writings = completions.map((completion) => ({
    completion,
    key: watchKeyOf(completion.claim),
    token: storedTokenOf(completion.claim),
    pending: pendingOf(completion),
  }));
  const gone = await removeOrphans(collections, writings.filter(({ pending }) => pending !== null));
  const first = await write(collections, writings.filter((writing) => !gone.has(writing)), 'as told');
  const again = await write(collections, first.touched, 'due at once');
  const written = new Set([...first.written, ...again.written]);
  await finish(collections, [...written].filter(hasPending));
  return writings.map((writing) => written.has(writing));
}

function hasPending(writing: Writing): writing is Writing & { readonly pending: Pending } {
  return writing.pending !== null;
}

/** Nothing shall be kept of the past of a record that is gone; its watches go, too. */
async function removeOrphans({ records, watches }: HealthCollections, writings: readonly Writing[]): Promise<ReadonlySet<Writing>> {
  if (writings.length === 0) return new Set();
  const present = await shownDocuments(records, writings.map(({ completion }) => completion.claim.id), { _id: 0 });
  const gone = writings.filter(({ completion }) => !present.has(completion.claim.id));
  if (gone.length > 0) await watches.bulkWrite(gone.map(({ key, token }) => ({ deleteOne: { filter: { _id: key, token } } })), UNORDERED);
  return new Set(gone);
}

interface Outcome {
  readonly written: readonly Writing[];
  /** Still claimed and not written, because the record was changed meanwhile. */
  readonly touched: readonly Writing[];
}

async function write({ watches }: HealthCollections, writings: readonly Writing[], due: 'as told' | 'due at once'): Promise<Outcome> {
  if (writings.length === 0) return { written: [], touched: [] };
  const call = randomUUID();
  const updates = writings.map((writing) => updateOf(writing, call, due));
  const { matchedCount } = await watches.bulkWrite(updates, UNORDERED);
  if (matchedCount === writings.length) return { written: writings, touched: [] };
  const query = { _id: { $in: writings.map(({ key }) => key) } };
  const found = await watches.find(query, { ...READING, projection: { token: 1, done: 1 } }).toArray();
  const byKey = new Map(found.map((watch) => [watch._id, watch]));
  return {
    written: writings.filter(({ key }) => byKey.get(key)?.done === call),
    touched: writings.filter(({ key, token }) => byKey.get(key)?.done !== call && byKey.get(key)?.token === token),
  };
}

function updateOf({ completion, key, token, pending }: Writing, call: string, due: 'as told' | 'due at once'): WatchUpdate {
  const next = { ...fieldsOf(completion.next), done: call };
  if (pending !== null) {
    // Due at once when the lease ends: should this process die, the next one shall soon finish what is pending.
    const verdict = completion.verdict === null ? {} : { verdict: completion.verdict };
    return { updateOne: { filter: { _id: key, token }, update: { $set: { ...next, ...verdict, pending, due: 0 } } } };
  }
  const filter = due === 'as told' ? { _id: key, token, touched: false } : { _id: key, token };
  return { updateOne: { filter, update: { $set: { ...next, ...(due === 'as told' ? {} : { due: 0 }), ...FREE } } } };
}

interface WatchUpdate {
  readonly updateOne: {
    readonly filter: { readonly _id: string; readonly token: string; readonly touched?: boolean };
    readonly update: { readonly $set: Partial<WatchDocument> };
  };
}

/** A watch that nobody has claimed. */
const FREE = { token: null, lease: 0, pending: null } as const;

/** Writes what is pending and gives the claims back. Where a lease has ended meanwhile, the next claimer does the same, which does no harm. */
async function finish(collections: HealthCollections, writings: readonly (Writing & { readonly pending: Pending })[]): Promise<void> {
  if (writings.length === 0) return;
  await deliver(collections, writings.map(({ completion: { claim }, pending }) => ({ id: claim.id, vantage: claim.vantage, pending })));
  const updates: WatchUpdate[] = writings.map(({ completion, key, token }) => ({
    updateOne: { filter: { _id: key, token, touched: false }, update: { $set: { due: completion.next.dueAtMs, ...FREE } } },
  }));
  const { matchedCount } = await collections.watches.bulkWrite(updates, UNORDERED);
  if (matchedCount === writings.length) return;
  // Those that were touched meanwhile stay due at once.
  const touched = writings.map(({ key, token }) => ({ updateOne: { filter: { _id: key, token }, update: { $set: FREE } } }));
  await collections.watches.bulkWrite(touched, UNORDERED);
}
