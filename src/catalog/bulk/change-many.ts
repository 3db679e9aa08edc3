import { AppError, type ErrorCode } from '../../core/errors.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import type { Filter, FilterNode } from '../../query/filter.ts';
import { compileFilter } from '../../query/match.ts';
import { parseUpdate } from '../../query/update/parse.ts';
import type { StoredRecord } from '../../store/port.ts';
import { viewOf } from '../../store/stored-record.ts';
import type { Precondition, PrincipalCatalog, Trial } from '../catalog.ts';

export interface ChangeFailure {
  readonly id: string;
  readonly code: ErrorCode;
  readonly error: string;
}

/** What came of changing whatever matches a filter. The first is the sum of the next four. */
export interface ChangeReport {
  readonly matched: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly failed: number;
  /** Those that the caller sees and may not change. */
  readonly forbidden: number;
  /** The first of those that failed. */
  readonly failures: readonly ChangeFailure[];
}

type Records = Pick<PrincipalCatalog, 'find' | 'get' | 'update' | 'delete'>;

/** Does it to one record at the revision that was looked at. @returns whether it changed */
type Deed = (id: string, precondition: Precondition) => Promise<boolean>;

/** Whether a filter lets every record pass by its form: no condition, or such as are none. */
export function matchesEverything({ root }: Pick<Filter, 'root'>): boolean {
  const passes = (node: FilterNode): boolean => {
    switch (node.kind) {
      case 'and':
        return node.of.every(passes);
      case 'or':
        return node.of.some(passes);
      default:
        return false;
    }
  };
  return passes(root);
}

/**
 * Updates every record that matches, as `update` would one by one.
 * @throws {AppError} `INVALID_UPDATE` and the like, before anything is touched
 */
export async function updateMany(records: Records, filter: Filter, update: Json, trial: Trial, signal: AbortSignal): Promise<ChangeReport> {
  parseUpdate(update);
  return changeAll(records, filter, async (id, precondition) => (await records.update(id, update, precondition, trial)).isChanged, signal);
}

/** Deletes every record that matches, as `delete` would one by one. */
export async function deleteMany(records: Records, filter: Filter, trial: Trial, signal: AbortSignal): Promise<ChangeReport> {
  const deed: Deed = async (id, precondition) => {
    await records.delete(id, precondition, trial);
    return true;
  };
  return changeAll(records, filter, deed, signal);
}

/** Goes over the matches in pages, in the order of ids, which no change moves. Ends with the page at hand when `signal` aborts. */
async function changeAll(records: Records, filter: Filter, deed: Deed, signal: AbortSignal): Promise<ChangeReport> {
  const counts = { changed: 0, unchanged: 0, failed: 0, forbidden: 0 };
  const failures: ChangeFailure[] = [];
  const matches = compileFilter(filter);
  for (let after: string | null = null; !signal.aborted; ) {
    const page = await readPage(records, filter, after, signal);
    const outcomes = await Promise.all(page.map((stored) => outcomeOf(records, stored, (view) => matches(view), deed)));
    for (const outcome of outcomes) {
      if (outcome === 'gone') continue;
      if (typeof outcome === 'string') counts[outcome]++;
      else {
        counts.failed++;
        if (failures.length < limits.changeFailuresShown) failures.push(outcome);
      }
    }
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.id;
  }
  const { changed, unchanged, failed, forbidden } = counts;
  return { matched: changed + unchanged + failed + forbidden, ...counts, failures };
}

async function readPage(records: Records, filter: Filter, afterId: string | null, signal: AbortSignal): Promise<readonly StoredRecord[]> {
  const page: StoredRecord[] = [];
  let textLength = 0;
  const after = afterId === null ? null : { values: [], id: afterId };
  for await (const batch of records.find({ filter, sort: [], after, limit: limits.changesTogether }, signal)) {
    for (const stored of batch) {
      page.push(stored);
      textLength += stored.text.length;
      if (textLength > limits.pageTextMax) return page;
    }
  }
  return page;
}

/** A record that somebody else changes meanwhile is looked at again: it may not match any more. */
async function outcomeOf(records: Records, found: StoredRecord, matches: (view: JsonObject) => boolean, deed: Deed): Promise<'changed' | 'unchanged' | 'forbidden' | 'gone' | ChangeFailure> {
  const { id } = found;
  try {
    let { revision } = found.meta;
    for (let attempt = 0; attempt < limits.updateRetriesMax; attempt++) {
      const isChanged = await deed(id, { kind: 'revision', matches: (meta) => meta.revision === revision }).catch(staleAsNull);
      if (isChanged !== null) return isChanged ? 'changed' : 'unchanged';
      const now = await records.get(id);
      if (!matches(viewOf(now))) return 'gone';
      ({ revision } = now.meta);
    }
    throw new AppError('OVERLOADED', `The record ${id} is being changed by too many others at once.`, { retryAfterS: 1 });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'RECORD_NOT_FOUND') return 'gone';
    return error.code === 'FORBIDDEN' ? 'forbidden' : { id, code: error.code, error: error.message };
  }
}

function staleAsNull(error: unknown): null {
  if (error instanceof AppError && error.code === 'REVISION_STALE') return null;
  throw error;
}
