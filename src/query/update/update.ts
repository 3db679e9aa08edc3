import type { Json } from '../../core/json.ts';
import type { SortKey } from '../sort.ts';

/** A dotted path, split: `container_registry_metadata.owner` is `['container_registry_metadata', 'owner']`. Never empty. */
export type UpdatePath = readonly string[];

interface OperationBase {
  readonly path: UpdatePath;
  /** Where the operation stands in the request, for error details: `$set.container_registry_metadata.owner`. */
  readonly place: string;
}

export interface SetOperation extends OperationBase {
  readonly operator: '$set';
  readonly value: Json;
}

export interface UnsetOperation extends OperationBase {
  readonly operator: '$unset';
}

export interface NumberOperation extends OperationBase {
  readonly operator: '$inc' | '$mul';
  readonly amount: number;
}

export interface BoundOperation extends OperationBase {
  readonly operator: '$min' | '$max';
  readonly value: Json;
}

export interface PushOperation extends OperationBase {
  readonly operator: '$push';
  readonly each: readonly Json[];
  /** Where to insert; negative counts back from the end. `null`: at the end. */
  readonly position: number | null;
  /** A key with an empty path sorts by the whole element. `null`: no sorting. */
  readonly sort: readonly SortKey[] | null;
  /** How many elements to keep: from the front, or from the end when negative. `null`: all. */
  readonly slice: number | null;
}

export interface AddToSetOperation extends OperationBase {
  readonly operator: '$addToSet';
  readonly each: readonly Json[];
}

export interface PullOperation extends OperationBase {
  readonly operator: '$pull';
  /** Whether an element is to be removed. */
  readonly matches: (element: Json) => boolean;
  /** What `matches` may cost for each character of an element; see `sizeOfCondition`. */
  readonly conditionSize: number;
}

export interface PopOperation extends OperationBase {
  readonly operator: '$pop';
  readonly end: 'first' | 'last';
}

export interface RenameOperation extends OperationBase {
  readonly operator: '$rename';
  readonly to: UpdatePath;
}

export type Operation =
  | SetOperation
  | UnsetOperation
  | NumberOperation
  | BoundOperation
  | PushOperation
  | AddToSetOperation
  | PullOperation
  | PopOperation
  | RenameOperation;

/** A valid update: operations on paths that do not conflict, in the order in which they are applied. */
export interface Update {
  readonly operations: readonly Operation[];
}
