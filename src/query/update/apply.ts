import type { Json, JsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { equalValues } from '../compare.ts';
import { arrayPosition } from '../path.ts';
import { arrayAt, popped, pushed, withAdded } from './arrays.ts';
import { cannotTraverse, Draft } from './draft.ts';
import { bounded, calculated } from './numbers.ts';
import { invalidUpdate, quote, refusal } from './refusal.ts';
import { isDeeperThan, tooDeep } from './stored-value.ts';
import type { Operation, PopOperation, PullOperation, RenameOperation, UnsetOperation, Update, UpdatePath } from './update.ts';

type CreatingOperation = Exclude<Operation, PopOperation | PullOperation | RenameOperation | UnsetOperation>;

/** Identifies the record; an update may repeat it, never change it. */
const ID_FIELD = 'container_registry_id';

/**
 * The record after the update, as a new object. It shares its unchanged parts with `record`, which stays as it is, and its
 * new ones with `update`, which may be applied again.
 * The result is not validated against the record's schema, and fields that were unset are missing from it.
 * @throws {AppError} `INVALID_UPDATE` where MongoDB would refuse, `IMMUTABLE_FIELD` for another id, `LIMIT_EXCEEDED`
 */
export function applyUpdate(record: JsonObject, update: Update): JsonObject {
  const draft = new Draft(record);
  refuseCostlyPulls(draft, update);
  for (const operation of update.operations) {
    if (touchesId(operation)) {
      refuseOtherId(draft, operation);
    } else {
      apply(draft, operation);
    }
  }
  return draft.root;
}

/** Conditions run on the thread that answers all requests, so the work of all of them is bounded before the first one runs. */
function refuseCostlyPulls(draft: Draft, update: Update): void {
  const pulls = update.operations.filter((operation) => operation.operator === '$pull');
  const works = pulls.map((pull) => pull.conditionSize * JSON.stringify(draft.get(pull.path) ?? null).length);
  if (works.reduce((sum, work) => sum + work, 0) > limits.regexWorkMax) {
    throw refusal('LIMIT_EXCEEDED', '$pull', 'The conditions of $pull are too long for arrays as large as these; send several updates with shorter ones.');
  }
}

function touchesId(operation: Operation): boolean {
  return operation.path[0] === ID_FIELD || (operation.operator === '$rename' && operation.to[0] === ID_FIELD);
}

function refuseOtherId(draft: Draft, operation: Operation): void {
  const repeatsId = operation.operator === '$set' && operation.path.length === 1 && equalValues(draft.root[ID_FIELD], operation.value);
  if (!repeatsId) {
    throw refusal('IMMUTABLE_FIELD', operation.place, `${ID_FIELD} cannot be changed; leave it out, or create a new record and delete this one.`);
  }
}

function apply(draft: Draft, operation: Operation): void {
  switch (operation.operator) {
    case '$unset':
      unset(draft, operation);
      break;
    case '$rename':
      rename(draft, operation);
      break;
    case '$pull':
    case '$pop':
      removeElements(draft, operation);
      break;
    default:
      draft.set(operation.path, valueAfter(operation, draft.get(operation.path)), operation.place);
  }
}

/** What the operators that create a missing field write, given the value that is there now. */
function valueAfter(operation: CreatingOperation, current: Json | undefined): Json {
  switch (operation.operator) {
    case '$set':
      return operation.value;
    case '$inc':
    case '$mul':
      return calculated(current, operation);
    case '$min':
    case '$max':
      return bounded(current, operation);
    case '$push':
      return pushed(arrayAt(current, operation), operation);
    case '$addToSet':
      return withAdded(arrayAt(current, operation), operation.each);
  }
}

/** Nothing to remove from a field that is missing; but a path that could never lead to one is an error. */
function removeElements(draft: Draft, operation: PopOperation | PullOperation): void {
  const { path, place } = operation;
  const current = existing(draft, path, place);
  if (current !== undefined) {
    const array = arrayAt(current, operation);
    const rest = operation.operator === '$pop' ? popped(array, operation.end) : array.filter((element) => !operation.matches(element));
    draft.set(path, rest, place);
  }
}

/** Unlike all other operators, `$unset` takes any path that leads nowhere for a field that is missing, as in MongoDB. */
function unset(draft: Draft, operation: UnsetOperation): void {
  if (draft.get(operation.path) !== undefined) {
    draft.remove(operation.path, operation.place);
  }
}

function rename(draft: Draft, operation: RenameOperation): void {
  const { path, to, place } = operation;
  const value = existing(draft, path, place);
  if (value === undefined) {
    return;
  }
  refuseArrayOnTheWay(draft, path, 'source', place);
  refuseArrayOnTheWay(draft, to, 'destination', place);
  if (isDeeperThan(limits.documentDepthMax - to.length, value)) {
    throw tooDeep(place);
  }
  draft.remove(path, place);
  draft.set(to, value, place);
}

function refuseArrayOnTheWay(draft: Draft, path: UpdatePath, end: 'source' | 'destination', place: string): void {
  const arrayDepth = path.findIndex((_, depth) => Array.isArray(draft.get(path.slice(0, depth))));
  if (arrayDepth >= 0) {
    throw invalidUpdate(
      place,
      `The ${end} of $rename cannot be an element of an array: ${quote(path.slice(0, arrayDepth).join('.'))} is an array.`,
    );
  }
}

/**
 * The value at `path`, or `undefined` where it could be but is not.
 * @throws {AppError} `INVALID_UPDATE` when a scalar, or an array that is addressed by a name, is in the way
 */
function existing(draft: Draft, path: UpdatePath, place: string): Json | undefined {
  const { taken, value } = draft.reach(path);
  if (taken === path.length) {
    return value;
  }
  const isScalar = typeof value !== 'object' || value === null;
  if (isScalar || (Array.isArray(value) && arrayPosition(path[taken] ?? '') < 0)) {
    throw cannotTraverse(path, taken - 1, value, place);
  }
  return undefined;
}
