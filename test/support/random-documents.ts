import { VISIBILITIES, type Scope } from '../../src/core/access.ts';
import { neverProbed, viewOfHealth, withVantage, type HealthSummary } from '../../src/core/health-summary.ts';
import type { Json, JsonObject } from '../../src/core/json.ts';
import type { SortKey } from '../../src/query/sort.ts';
import type { RandomSource } from './random.ts';

// Few names and values, so that random filters often meet what random documents hold. Among them are those that compare
// differently in UTF-8 and UTF-16, digits as keys, and keys that no path can address.
const KEYS = ['a', 'a', 'a', 'b', 'b', 'c', '0', '1', '01', 'region'] as const;
const ODD_KEYS = ['', 'a.b', 'é', '😀'] as const;
const COMMON = [1, 1, 2, 3, 'a', 'a', 'b', true, null] as const;
const RARE = [0, -1, 1.5, 4096, 2 ** 31, 2 ** 53 - 1, -(2 ** 40), 1e300, 0.1, '', 'ab', 'A', 'us-west-2', '\ue000', '😀', 'é', '1', 'true', 'a\nb', false] as const;
const TAGS = ['ai', 'internal', 'edge', 'fast-pull', 'training'] as const;
const NAMES = ['internal', 'edge', 'Vendor', 'régistre', '😀', '\ue000', 'a.b'] as const;
const STATUSES = ['up', 'degraded', 'auth_failed', 'down', 'unknown'] as const;
const STORAGE_TYPES = ['s3', 'fs', 'object-store', 'unknown'] as const;
const SIZES = [-1, 0, 100, 4096] as const;
const FREE_PATHS = ['a', 'a', 'b', 'c', '0', '1', 'a.b', 'a.a', 'b.a', 'a.0', 'a.1', 'a.b.c', 'a.0.b', 'a.0.0', 'b.0', 'region', 'c.c', 'a.a.a', '0.a'] as const;

type Scalar = null | boolean | number | string;

export function randomScalar(rng: RandomSource): Scalar {
  return rng.chance(0.7) ? rng.pick(COMMON) : rng.pick(RARE);
}

/** Any JSON value, nested up to `depthMax` times. */
export function randomValue(rng: RandomSource, depthMax = 3): Json {
  if (depthMax === 0 || rng.chance(0.5)) return randomScalar(rng);
  if (rng.chance(0.5)) {
    const isOfObjects = rng.chance(0.4);
    return Array.from({ length: rng.int(4) }, () => (isOfObjects ? randomObject(rng, depthMax - 1) : randomValue(rng, depthMax - 1)));
  }
  return randomObject(rng, depthMax - 1);
}

function randomObject(rng: RandomSource, depthMax: number): JsonObject {
  const object: JsonObject = {};
  for (let left = rng.int(5); left > 0; left--) {
    object[rng.chance(0.03) ? rng.pick(ODD_KEYS) : rng.pick(KEYS)] = randomValue(rng, depthMax);
  }
  return object;
}

function healthOf(rng: RandomSource): HealthSummary {
  const since = '2026-01-02T03:04:05.678Z';
  return withVantage(neverProbed(null), 'default', { status: rng.pick(STATUSES), cause: rng.pick(['ok', 'refused']), since });
}

/** A record as filters see it: a valid one of the eight fields, with `health` and `meta`. Ids repeat now and then. */
export function randomRecordView(rng: RandomSource): JsonObject {
  const tags = TAGS.filter(() => rng.chance(0.4));
  const host = `registry-${rng.int(20)}.example:5000`;
  return {
    container_registry_id: `${rng.pick(['r', 'R', 'reg', '0'])}-${rng.int(10_000)}`,
    container_registry_name: rng.pick(NAMES) + (rng.chance(0.5) ? '' : String(rng.int(5))),
    container_registry_metadata: { ...randomObject(rng, 3), list: randomList(rng) },
    container_registry_tags: rng.chance(0.5) ? tags : tags.reverse(),
    container_registry_public_url: `https://${host}`,
    container_registry_image_prefix: host,
    container_registry_config: randomObject(rng, 2),
    container_registry_storage_info: {
      storage_type: rng.pick(STORAGE_TYPES),
      storage_size: rng.pick(SIZES),
      registry_type: rng.pick(['aios', 'external']),
      ...(rng.chance(0.3) ? { memory_size: rng.pick(SIZES) } : {}),
    },
    health: viewOfHealth(healthOf(rng)),
    meta: { created_at: randomTime(rng), updated_at: randomTime(rng), revision: rng.int(5), ...randomAccess(rng) },
  };
}

const USERS = ['ann', 'bob', 'cy'] as const;
const GROUPS = ['ops', 'ann'] as const;

/** Who may see a record; many are shared, and some belong to nobody. */
function randomAccess(rng: RandomSource): JsonObject {
  const members = [...USERS.map((user) => `user:${user}`), ...GROUPS.map((group) => `group:${group}`)].filter(() => rng.chance(0.15));
  return {
    owner: rng.chance(0.3) ? null : rng.pick(USERS),
    visibility: rng.pick(VISIBILITIES),
    shared_with: members.map((member) => ({ with: member, may: rng.pick(['read', 'pull', 'write']) })),
  };
}

/** What somebody may see, from nothing to everything. */
export function randomScope(rng: RandomSource): Scope | null {
  if (rng.chance(0.2)) return null;
  const members = [...USERS.map((user) => `user:${user}`), ...GROUPS.map((group) => `group:${group}`), 'group:nobody'];
  return {
    visibilities: rng.pick<Scope['visibilities']>([['public', 'internal'], ['public', 'internal'], ['public'], ['public'], [], ['private']]),
    owner: rng.chance(0.5) ? null : rng.pick([...USERS, 'nobody']),
    members: members.filter(() => rng.chance(0.2)),
  };
}

/** Small objects, numbers and arrays of numbers: what filters on elements of arrays are made for. */
function randomList(rng: RandomSource): Json[] {
  const member = (): Json => {
    if (rng.chance(0.5)) return { a: rng.int(3), b: rng.chance(0.3) ? [rng.int(3), rng.int(3)] : rng.int(3) };
    return rng.chance(0.5) ? [rng.int(3), rng.int(9)] : rng.int(9);
  };
  return Array.from({ length: rng.int(4) }, member);
}

function randomTime(rng: RandomSource): string {
  return `2025-0${1 + rng.int(9)}-01T00:00:00.000Z`;
}

/** A path of some field, and what to compare it with: mostly values that records have there. */
interface Target {
  readonly path: string;
  readonly operand: () => Json;
}

function randomTarget(rng: RandomSource): Target {
  const target = (path: string, usual: () => Json): Target => ({ path, operand: () => (rng.chance(0.9) ? usual() : randomValue(rng, 2)) });
  switch (rng.int(10)) {
    case 0:
    case 1:
      return target('container_registry_tags', () => rng.pick(TAGS));
    case 2:
      return target('container_registry_name', () => rng.pick(NAMES));
    case 3:
      return randomTargetBeside(rng, target);
    case 4:
      return rng.chance(0.5) ? target('meta.created_at', () => randomTime(rng)) : target('container_registry_tags.0', () => rng.pick(TAGS));
    case 5:
      return target('container_registry_storage_info.storage_type', () => rng.pick(STORAGE_TYPES));
    case 6:
      return target(`container_registry_storage_info.${rng.pick(['storage_size', 'memory_size', 'other'])}`, () => rng.pick(SIZES));
    case 7:
      return target(`container_registry_config.${rng.pick(FREE_PATHS)}`, () => randomScalar(rng));
    default:
      return rng.chance(0.1)
        ? target('container_registry_metadata', () => randomObject(rng, 1))
        : target(`container_registry_metadata.${rng.pick(FREE_PATHS)}`, () => randomScalar(rng));
  }
}

/** Of what Portolan knows beside the eight fields. */
function randomTargetBeside(rng: RandomSource, target: (path: string, usual: () => Json) => Target): Target {
  switch (rng.int(5)) {
    case 0:
      return target('health.status', () => rng.pick(STATUSES));
    case 1:
      return target('meta.revision', () => rng.int(5));
    case 2:
      return target('meta.visibility', () => rng.pick(VISIBILITIES));
    case 3:
      return target('meta.owner', () => (rng.chance(0.2) ? null : rng.pick(USERS)));
    default:
      return target('meta.shared_with.with', () => `user:${rng.pick(USERS)}`);
  }
}

function freeTarget(rng: RandomSource): Target {
  return { path: rng.pick(FREE_PATHS), operand: () => (rng.chance(0.9) ? randomScalar(rng) : randomValue(rng, 2)) };
}

function randomOperator(rng: RandomSource, operand: () => Json, depthMax: number): JsonObject {
  const operands = (): Json[] => Array.from({ length: rng.pick([0, 1, 1, 2, 3, 3]) }, operand);
  switch (rng.int(depthMax > 0 ? 20 : 14)) {
    case 0:
      return { $eq: operand() };
    case 1:
      return { $ne: operand() };
    case 2:
    case 3:
      return { [rng.pick(['$gt', '$gte'])]: operand() };
    case 4:
    case 5:
      return { [rng.pick(['$lt', '$lte'])]: operand() };
    case 6:
    case 7:
      return { $in: operands() };
    case 8:
      return { $nin: operands() };
    case 9:
      return { $exists: rng.chance(0.6) };
    case 10:
      return { $type: rng.pick<Json>(['string', 'number', 'int', 'double', 'bool', 'null', 'array', 'object', ['string', 'array']]) };
    case 11:
      return rng.chance(0.5) ? { $size: rng.int(4) } : { $mod: [rng.pick([2, 3, -2]), rng.pick([0, 1])] };
    case 12:
      return rng.chance(0.5) ? { $regex: rng.pick(['^a', 'e', '^$', '[a-z]+\\d', '.']) } : { $regex: 'A|É', $options: 'i' };
    case 13:
      return { $all: operands() };
    case 14:
      return { $not: randomOperators(rng, operand, depthMax - 1) };
    case 15:
    case 16:
      return { $elemMatch: randomOperators(rng, operand, depthMax - 1) };
    case 17:
    case 18:
      return { $elemMatch: randomDocumentFilter(rng, depthMax - 1, freeTarget) };
    default:
      return { $all: [{ $elemMatch: randomOperators(rng, operand, depthMax - 1) }, { $elemMatch: randomOperators(rng, operand, depthMax - 1) }] };
  }
}

/** One or two operators on one path, often a lower and an upper bound. */
function randomOperators(rng: RandomSource, operand: () => Json, depthMax: number): JsonObject {
  if (rng.chance(0.2)) return { [rng.pick(['$gt', '$gte'])]: operand(), [rng.pick(['$lt', '$lte'])]: operand() };
  const operators = randomOperator(rng, operand, depthMax);
  return rng.chance(0.8) ? operators : { ...operators, ...randomOperator(rng, operand, depthMax) };
}

function randomDocumentFilter(rng: RandomSource, depthMax: number, targetOf: (rng: RandomSource) => Target): JsonObject {
  const filter: JsonObject = {};
  for (let left = rng.pick([1, 1, 1, 1, 2, 3]); left > 0; left--) {
    if (depthMax > 0 && rng.chance(0.25)) {
      const arms = Array.from({ length: 1 + rng.int(3) }, () => randomDocumentFilter(rng, depthMax - 1, targetOf));
      filter[rng.pick(['$and', '$or', '$or', '$nor'])] = arms;
    } else {
      const { path, operand } = targetOf(rng);
      filter[path] = rng.chance(0.3) ? operand() : randomOperators(rng, operand, depthMax);
    }
  }
  return filter;
}

/** A filter on elements of the list. */
function randomListFilter(rng: RandomSource): JsonObject {
  const list = 'container_registry_metadata.list';
  const interval = (): JsonObject => ({ [rng.pick(['$gt', '$gte'])]: rng.int(5), [rng.pick(['$lt', '$lte'])]: rng.int(9) });
  switch (rng.int(8)) {
    case 0:
      return { [list]: { $elemMatch: { a: rng.int(3), b: rng.int(3) } } };
    case 1:
      return { [list]: { $elemMatch: { a: interval(), [rng.pick(['b', 'b.0', '0'])]: { $in: [0, 1, 2] } } } };
    case 2:
      return { [list]: { $elemMatch: interval() } };
    case 3:
      return { [list]: { $elemMatch: { $elemMatch: interval() } } };
    case 4:
      return { [list]: { $all: [{ $elemMatch: { a: rng.int(3) } }, { $elemMatch: { b: { $gte: rng.int(3) } } }] } };
    case 5:
      return { [list]: interval() };
    case 6:
      return { [`${list}.${rng.pick(['0', '1', '0.0', '1.1', '0.a', 'a', 'b', 'b.1'])}`]: rng.int(3) };
    default:
      return { [list]: rng.chance(0.5) ? { $elemMatch: { 0: rng.int(3) } } : [rng.int(3), rng.int(9)] };
  }
}

/** A valid filter over a record's view, of all operators; about half of them match some records of a hundred and not all. */
export function randomFilter(rng: RandomSource): JsonObject {
  if (rng.chance(0.02)) return {};
  if (rng.chance(0.2)) return randomListFilter(rng);
  return randomDocumentFilter(rng, 3, randomTarget);
}

export function randomSort(rng: RandomSource): SortKey[] {
  const paths = new Set(Array.from({ length: rng.int(4) }, () => randomTarget(rng).path));
  return [...paths].map((path) => ({ path: path.split('.'), direction: rng.chance(0.5) ? 1 : -1 }));
}
