import type { Json, JsonObject } from '../core/json.ts';

/** A filter that has passed every check, as plain data. `source` can be sent to another thread and parsed there again. */
export interface Filter {
  readonly source: JsonObject;
  readonly root: FilterNode;
}

/** What a document as a whole must satisfy. `and` of nothing matches everything. */
export type FilterNode =
  | { readonly kind: 'and' | 'or' | 'nor'; readonly of: readonly FilterNode[] }
  | { readonly kind: 'field'; readonly path: readonly string[]; readonly condition: Condition };

/** What the values at one path must satisfy; MongoDB's operators with their synonyms folded together. */
export type Condition =
  | { readonly kind: 'eq' | 'gt' | 'gte' | 'lt' | 'lte'; readonly value: Json }
  | { readonly kind: 'in'; readonly values: readonly Json[] }
  | { readonly kind: 'exists' }
  | { readonly kind: 'type'; readonly types: ReadonlySet<string> }
  | { readonly kind: 'size'; readonly size: number }
  | { readonly kind: 'mod'; readonly divisor: number; readonly remainder: number }
  | { readonly kind: 'regex'; readonly pattern: string; readonly options: string }
  /** An element of an array that is a document satisfying `node`. */
  | { readonly kind: 'elementDocument'; readonly node: FilterNode }
  /** An element of an array that by itself satisfies `condition`. */
  | { readonly kind: 'elementValue'; readonly condition: Condition }
  | { readonly kind: 'not'; readonly condition: Condition }
  /** Each of these, on its own: different elements of an array may satisfy different ones. Of nothing: always. */
  | { readonly kind: 'every'; readonly of: readonly Condition[] }
  | { readonly kind: 'never' };
