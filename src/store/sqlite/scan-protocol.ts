import type { ErrorCode, ErrorDetail } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { SortKey } from '../../query/sort.ts';
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
  readonly sort: readonly SortKey[];
  readonly goal: SliceGoal;
  readonly afterId: string;
  readonly budget: SliceBudget;
}

export type SliceReply =
  | { readonly requestId: number; readonly result: SliceResult }
  | { readonly requestId: number; readonly fault: SliceFault };

/** An error on its way between threads, which would lose its class. `code` is `null` for errors that are none of a caller's business. */
export interface SliceFault {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly details: readonly ErrorDetail[];
  readonly retryAfterS: number | undefined;
}

/** Sent instead of a request: close the file and end. */
export const CLOSE = 'close';
