import { isJsonObject } from '../../core/json.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { arrayPosition, ownValue } from '../path.ts';
import { invalidUpdate, quote, refusal } from './refusal.ts';
import type { UpdatePath } from './update.ts';

type Container = JsonObject | Json[];

/** How far a path leads into a document: `value` stands after its first `taken` segments, and nothing after the next. */
export interface Reach {
  readonly taken: number;
  readonly value: Json;
}

/**
 * A record being changed. The record itself stays as it is: an object or array is copied before it is first written to,
 * and all others are shared with the record.
 */
export class Draft {
  readonly root: JsonObject;
  readonly #copies = new Set<Container>();

  constructor(record: JsonObject) {
    this.root = { ...record };
    this.#copies.add(this.root);
  }

  reach(path: UpdatePath): Reach {
    let value: Json = this.root;
    for (const [depth, segment] of path.entries()) {
      const next: Json | undefined = isContainer(value) ? childOf(value, segment) : undefined;
      if (next === undefined) {
        return { taken: depth, value };
      }
      value = next;
    }
    return { taken: path.length, value };
  }

  /** The value at `path`, or `undefined` where there is none. */
  get(path: UpdatePath): Json | undefined {
    const reach = this.reach(path);
    return reach.taken === path.length ? reach.value : undefined;
  }

  /**
   * Writes a value, creating the objects that the path needs and filling an array with nulls up to the element named.
   * @throws {AppError} `INVALID_UPDATE` when a scalar, or an array that is addressed by a name, is in the way
   */
  set(path: UpdatePath, value: Json, place: string): void {
    let container: Container = this.root;
    for (const [depth, segment] of path.slice(0, -1).entries()) {
      const child = childOf(container, segment);
      if (child !== undefined && !isContainer(child)) {
        throw cannotCreate(path, depth, child, place);
      }
      const copy = this.#copyOnce(child ?? {});
      if (copy !== child) {
        write(container, path, depth, copy, place);
      }
      container = copy;
    }
    write(container, path, path.length - 1, value, place);
  }

  /** Removes what is at `path`, which must lead to something; an element of an array becomes null, so that no other moves. */
  remove(path: UpdatePath, place: string): void {
    this.set(path, null, place);
    const parent = this.get(path.slice(0, -1));
    if (isJsonObject(parent)) {
      Reflect.deleteProperty(parent, path.at(-1) ?? '');
    }
  }

  #copyOnce(container: Container): Container {
    if (this.#copies.has(container)) {
      return container;
    }
    const copy = Array.isArray(container) ? [...container] : { ...container };
    this.#copies.add(copy);
    return copy;
  }
}

function isContainer(value: Json): value is Container {
  return typeof value === 'object' && value !== null;
}

function childOf(container: Container, segment: string): Json | undefined {
  return Array.isArray(container) ? container[arrayPosition(segment)] : ownValue(container, segment);
}

function write(container: Container, path: UpdatePath, depth: number, value: Json, place: string): void {
  const segment = path[depth] ?? '';
  if (!Array.isArray(container)) {
    container[segment] = value;
    return;
  }
  const position = arrayPosition(segment);
  if (position < 0) {
    throw cannotCreate(path, depth - 1, container, place);
  }
  if (position - container.length > limits.arrayPaddingMax) {
    throw refusal(
      'LIMIT_EXCEEDED',
      place,
      `The element ${quote(path.slice(0, depth + 1).join('.'))} lies more than ${limits.arrayPaddingMax} beyond the end of its array; add elements with $push.`,
    );
  }
  while (container.length < position) {
    container.push(null);
  }
  container[position] = value;
}

/** The error for a path that cannot go on after its segment at `depth`, because of the value there. */
export function cannotCreate(path: UpdatePath, depth: number, blocker: Json, place: string): Error {
  return invalidUpdate(place, `Cannot create field ${quote(path[depth + 1])} in element ${elementText(path, depth, blocker)}.`);
}

/** The same for operations that create nothing. */
export function cannotTraverse(path: UpdatePath, depth: number, blocker: Json, place: string): Error {
  return invalidUpdate(
    place,
    `Cannot use the part ${quote(path[depth + 1])} of ${quote(path.join('.'))} to traverse the element ${elementText(path, depth, blocker)}.`,
  );
}

function elementText(path: UpdatePath, depth: number, blocker: Json): string {
  const remedy = Array.isArray(blocker) ? 'elements of an array are addressed by number' : 'only objects have fields';
  return `{${quote(path[depth])}: ${quote(blocker)}}: ${remedy}`;
}
