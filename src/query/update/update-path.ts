import { limits } from '../../core/limits.ts';
import { RECORD_FIELDS } from '../../core/record.ts';
import { compareText } from '../compare.ts';
import { arrayPosition, pathFault } from '../path.ts';
import { invalidUpdate, quote, refusal } from './refusal.ts';
import { faultOfName } from './stored-value.ts';
import type { UpdatePath } from './update.ts';

const RECORD_ROOTS: ReadonlySet<string> = new Set(RECORD_FIELDS);
/** What Portolan itself knows about a record; readable beside it, never written by clients. */
const READ_ONLY_ROOTS: ReadonlySet<string> = new Set(['meta', 'health']);

/**
 * Splits a dotted path and refuses names that no record can hold.
 * @throws {AppError} `INVALID_UPDATE`, or `LIMIT_EXCEEDED` beyond `limits.pathSegmentsMax` segments
 */
export function splitPath(text: string, place: string): UpdatePath {
  const path = text.split('.', limits.pathSegmentsMax + 1);
  if (path.length > limits.pathSegmentsMax) {
    throw refusal('LIMIT_EXCEEDED', place, `The path ${quote(text)} has more than ${limits.pathSegmentsMax} segments.`);
  }
  const positional = path.find((segment) => segment.startsWith('$'));
  if (positional !== undefined) {
    throw invalidUpdate(
      place,
      `The path ${quote(text)} has the segment ${quote(positional)}, but positional operators are not offered; give an array element by its number.`,
    );
  }
  const fault = pathFault(text);
  if (fault !== null) {
    throw invalidUpdate(place, `The path ${quote(text)} ${fault}.`);
  }
  for (const segment of path) {
    const segmentFault = faultOfName(segment);
    if (segmentFault !== null) {
      throw invalidUpdate(place, `The path ${quote(text)} has the segment ${quote(segment)}, which ${segmentFault}.`);
    }
  }
  return path;
}

/**
 * A path that an update may write to: it begins with one of the eight fields of a record.
 * @throws {AppError} `INVALID_UPDATE` that says which fields exist, or `LIMIT_EXCEEDED`
 */
export function parseRecordPath(text: string, place: string): UpdatePath {
  const path = splitPath(text, place);
  refuseForeignRoot(path[0] ?? '', place);
  return path;
}

/** @throws {AppError} `INVALID_UPDATE` when `root` is not a field of a record that clients may write */
export function refuseForeignRoot(root: string, place: string): void {
  if (READ_ONLY_ROOTS.has(root)) {
    throw invalidUpdate(place, `${quote(root)} cannot be updated: meta and health are read-only.`);
  }
  if (!RECORD_ROOTS.has(root)) {
    throw invalidUpdate(place, `${quote(root)} is not a field of a record; the fields are ${RECORD_FIELDS.join(', ')}.`);
  }
}

/**
 * The order in which MongoDB documents that an update's fields are processed: numbers by value, names by their bytes.
 * Numbers come before names, so that it is a total order.
 */
export function comparePaths(left: UpdatePath, right: UpdatePath): number {
  for (const [depth, segment] of left.entries()) {
    const other = right[depth];
    if (other === undefined) {
      return 1;
    }
    const order = compareSegments(segment, other);
    if (order !== 0) {
      return order;
    }
  }
  return left.length - right.length;
}

function compareSegments(left: string, right: string): number {
  const leftPosition = arrayPosition(left);
  const rightPosition = arrayPosition(right);
  if (leftPosition >= 0 && rightPosition >= 0) {
    return leftPosition - rightPosition;
  }
  if (leftPosition >= 0 || rightPosition >= 0) {
    return leftPosition >= 0 ? -1 : 1;
  }
  return compareText(left, right);
}

interface Branch {
  readonly children: Map<string, Branch>;
  written: boolean;
}

const newBranch = (): Branch => ({ children: new Map(), written: false });

/** Remembers the paths that an update writes to, and refuses one that is, contains or lies within another. */
export class WrittenPaths {
  readonly #root = newBranch();
  #count = 0;

  /** @throws {AppError} `INVALID_UPDATE` for a conflict, `LIMIT_EXCEEDED` beyond `limits.updatePathsMax` paths */
  add(path: UpdatePath, place: string): void {
    this.#count += 1;
    if (this.#count > limits.updatePathsMax) {
      throw refusal('LIMIT_EXCEEDED', place, `An update may touch at most ${limits.updatePathsMax} paths; send several updates.`);
    }
    let branch = this.#root;
    for (const [depth, segment] of path.entries()) {
      const next = branch.children.get(segment) ?? newBranch();
      branch.children.set(segment, next);
      branch = next;
      if (branch.written) {
        throw conflict(path, depth, place);
      }
    }
    if (branch.children.size > 0) {
      throw conflict(path, path.length - 1, place);
    }
    branch.written = true;
  }
}

function conflict(path: UpdatePath, depth: number, place: string): Error {
  const at = path.slice(0, depth + 1).join('.');
  return invalidUpdate(
    place,
    `Updating the path ${quote(path.join('.'))} would create a conflict at ${quote(at)}; write to each path once, and not to paths within it.`,
  );
}
