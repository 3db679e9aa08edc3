import type { Scope } from '../../core/access.ts';
import type { JsonObject } from '../../core/json.ts';
import type { SortKey } from '../../query/sort.ts';
import type { RecordSummary } from '../port.ts';
import type { ThreadFault } from './thread-fault.ts';
import type { SliceBudget, SliceGoal, SliceResult } from './slice.ts';

/** What the scanning thread is started with. */
export interface ScanThreadData {
  readonly file: string;
}

/** One slice of work for the scanning thread. It is complete in itself: the thread may be another one next time. */
export interface SliceRequest {
  readonly requestId: number;
  /** Slices of one query have the same, so that the filter need not be prepared again. */
  readonly queryId: number;
  readonly filterSource: JsonObject;
  readonly scope: Scope | null;
  readonly sort: readonly SortKey[];
  readonly goal: SliceGoal;
  readonly afterId: string;
  readonly budget: SliceBudget;
}

/** A summary, in one piece: it goes over the index alone. */
export interface SummaryRequest {
  readonly requestId: number;
  readonly summaryOf: Scope | null;
}

export type ScanRequest = SliceRequest | SummaryRequest;

export type ScanReply =
  | { readonly requestId: number; readonly result: SliceResult | RecordSummary }
  | { readonly requestId: number; readonly fault: ThreadFault };
