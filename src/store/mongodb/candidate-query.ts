/**
 * Translates what a filter's matches have in common into a MongoDB query. It narrows and never decides: every match of
 * the filter is found by the query, whatever types an older database holds.
 */
import { Decimal128, ObjectId, type Document } from 'mongodb';
import { openAccess, type Scope } from '../../core/access.ts';
import { isNumericSegment } from '../../query/path.ts';
import type { Condition, Filter, FilterNode } from '../../query/filter.ts';
import { narrowingOf, type Narrowing, type RangeNarrowing, type Scalar } from '../../query/narrow.ts';
import { isNarrow } from '../../query/narrow-scope.ts';
import { BOOKKEEPING, TEXT_FIELDS } from './document.ts';

/** Documents that can be addressed as records at all. */
export const EVERY_RECORD: Document = { container_registry_id: { $type: 'string' } };

/** The query for the candidates of a filter within a scope; `null` when every record is one. */
export function candidateQueryOf(filter: Filter, scope: Scope | null): Document | null {
  const narrowing = narrowingOf({ source: filter.source, root: reachableNode(filter.root) });
  const queries = [narrowing === null ? null : queryOf(narrowing), isNarrow(scope) ? scopeQueryOf(scope) : null].filter((part) => part !== null);
  return queries.length > 1 ? { $and: queries } : (queries[0] ?? null);
}

/** The query for the records within a scope; says the same as `isWithin` of whatever Portolan has written. */
export function scopeQueryOf({ visibilities, owner, members }: Scope): Document {
  const alternatives: Document[] = [{ [`${BOOKKEEPING}.visibility`]: { $in: visibilities } }];
  if (visibilities.includes(openAccess.visibility)) alternatives.push({ [`${BOOKKEEPING}.visibility`]: { $exists: false } });
  if (owner !== null) alternatives.push({ [`${BOOKKEEPING}.owner`]: owner });
  if (members.length > 0) alternatives.push({ [`${BOOKKEEPING}.shared_with.with`]: { $in: members } });
  return { $or: alternatives };
}

const EVERYTHING: FilterNode = { kind: 'and', of: [] };
const ALWAYS: Condition = { kind: 'every', of: [] };

/**
 * Leaves out the conditions whose values MongoDB's dotted paths might not reach. A narrowing names its values by keys alone;
 * MongoDB's paths pass through one array at each key and not through arrays in arrays, and take digits for positions.
 */
function reachableNode(node: FilterNode): FilterNode {
  if (node.kind !== 'field') return { kind: node.kind, of: node.of.map(reachableNode) };
  if (node.path.some(isNumericSegment)) return EVERYTHING;
  return { kind: 'field', path: node.path, condition: reachableCondition(node.condition) };
}

function reachableCondition(condition: Condition): Condition {
  switch (condition.kind) {
    case 'every':
      return { kind: 'every', of: condition.of.map(reachableCondition) };
    case 'elementDocument':
      return { kind: 'elementDocument', node: reachableNode(condition.node) };
    case 'elementValue':
      return { kind: 'elementValue', condition: valueCondition(condition.condition) };
    default:
      return condition;
  }
}

/** Within an element that is looked at by itself, another `$elemMatch` would be about an array in an array. */
function valueCondition(condition: Condition): Condition {
  if (condition.kind === 'every') return { kind: 'every', of: condition.of.map(valueCondition) };
  const isNested = condition.kind === 'elementDocument' || condition.kind === 'elementValue';
  return isNested ? ALWAYS : reachableCondition(condition);
}

function queryOf(narrowing: Narrowing): Document | null {
  if (narrowing.kind === 'in') return wherever(narrowing.path, valueQuery(narrowing.path, narrowing.values), narrowing.values);
  if (narrowing.kind === 'range') return wherever(narrowing.path, rangeQuery(narrowing), null);
  const parts = narrowing.of.map(queryOf);
  const queries = parts.filter((part) => part !== null);
  if (narrowing.kind === 'or') return queries.length === parts.length ? { $or: queries } : null;
  return queries.length === 0 ? null : { $and: queries };
}

/** Alternatives of which one must hold for the values at a path; `null` when any value may do. */
type Alternatives = readonly Document[] | null;

/**
 * Puts a condition where the document keeps what the filter's path names, and adds the documents that lack it and are shown a default.
 * @param values those looked for; null where any may do
 */
function wherever(path: readonly string[], alternatives: Alternatives, values: readonly Scalar[] | null): Document | null {
  if (alternatives === null) return null;
  const [root = ''] = path;
  const isBookkeeping = root === 'meta' || root === 'health';
  const field = isBookkeeping ? [BOOKKEEPING, ...(root === 'meta' ? path.slice(1) : path)].join('.') : path.join('.');
  const queries = alternatives.map((condition) => ({ [field]: condition }));
  if (isBookkeeping && mayBeDefault(path.join('.'), values)) queries.push({ [field]: { $eq: null } });
  const [only] = queries;
  return queries.length === 1 && only !== undefined ? only : { $or: queries };
}

/** An older document has no book-keeping and is shown as revision 0, unknown, as old as its ObjectId, and open: it belongs to nobody. */
function mayBeDefault(path: string, values: readonly Scalar[] | null): boolean {
  if (path === 'meta.owner' || path.startsWith('meta.shared_with')) return false;
  return path !== 'meta.visibility' || values === null || values.includes(openAccess.visibility);
}

/** Numbers from here on are rounded when they are shown, so that what MongoDB compares exactly differs from what is shown. */
const EXACT_NUMBER_MAX = Number.MAX_SAFE_INTEGER;

function valueQuery(path: readonly string[], values: readonly Scalar[]): Alternatives {
  if (values.some((value) => typeof value === 'number' && Math.abs(value) > EXACT_NUMBER_MAX)) return null;
  const alternatives: Document[] = [{ $in: values.flatMap(storedLikenesses) }];
  if (values.some(isBase64)) alternatives.push({ $type: 'binData' });
  if (values.includes('') && isTextField(path)) alternatives.push({ $eq: null });
  return alternatives;
}

/** Everything that is shown as this value, apart from bytes. */
function storedLikenesses(value: Scalar): unknown[] {
  if (typeof value !== 'string') return [value];
  const likenesses: unknown[] = [value];
  if (isDateText(value)) likenesses.push(new Date(value));
  if (/^[0-9a-f]{24}$/.test(value)) likenesses.push(ObjectId.createFromHexString(value));
  if (isDecimalText(value)) likenesses.push(Decimal128.fromString(value));
  return likenesses;
}

function isDateText(text: string): boolean {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString() === text;
}

/** Decimals may have more digits than numbers here, exponents, and be infinite or not a number. */
function isDecimalText(text: string): boolean {
  try {
    return Decimal128.fromString(text).toString() === text;
  } catch {
    return false;
  }
}

/** Bytes are shown in base64, and there are many kinds of them: all are candidates. */
function isBase64(value: Scalar): boolean {
  return typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value;
}

function isTextField(path: readonly string[]): boolean {
  return path.length === 1 && TEXT_FIELDS.has(path[0] ?? '');
}

/** Types that are shown as texts and that a range of texts therefore must not leave out. */
const SHOWN_AS_TEXT: Document = { $type: ['date', 'objectId', 'decimal', 'binData'] };

function rangeQuery(narrowing: RangeNarrowing): Alternatives {
  const { above, below } = narrowing;
  const bounds = [above, below].filter((bound) => bound !== undefined);
  if (bounds.some(({ value }) => typeof value === 'number' && Math.abs(value) > EXACT_NUMBER_MAX)) return null;
  const interval: Document = {
    ...(above === undefined ? {} : { [above.inclusive ? '$gte' : '$gt']: above.value }),
    ...(below === undefined ? {} : { [below.inclusive ? '$lte' : '$lt']: below.value }),
  };
  if (narrowing.type === 'number') return [interval];
  return isTextField(narrowing.path) ? [interval, SHOWN_AS_TEXT, { $eq: null }] : [interval, SHOWN_AS_TEXT];
}
