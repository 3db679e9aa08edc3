import { openAccess, type RecordAccess, type Scope } from '../src/core/access.ts';
import { neverProbed, withVantage } from '../src/core/health-summary.ts';
import type { Json } from '../src/core/json.ts';
import type { RecordFields } from '../src/core/record.ts';
import type { NewRecord } from '../src/store/port.ts';
import { randomSource, type RandomSource } from '../test/support/random.ts';

/** The same seed for every run, so that figures of different commits are about the same records. */
const SEED = 20_260_101;

const ENVIRONMENTS = ['production', 'staging', 'development', 'edge'] as const;
const STORAGE_TYPES = ['s3', 'object-store', 'fs', 'unknown'] as const;
const PURPOSES = ['ai', 'training', 'inference', 'internal', 'mirror', 'fast-pull', 'archive', 'gpu'] as const;
const CITIES = ['Reykjavik', 'Lisboa', 'Genova', 'Palma', 'Rotterdam', 'Valparaiso', 'Fremantle', 'Yokohama'] as const;

/** Values of these fields are spread evenly, so that a filter's share of the catalog is known: one in … */
const TEAMS = 200;
const GROUPS = 20;
const COST_CENTERS = 100;
const REGIONS = 10;
const RACKS = 10;

const numbered = (word: string, number: number): string => `${word}-${String(number).padStart(3, '0')}`;

/**
 * The registry record number `index`, about 1 KB as JSON text: the same one whenever and wherever it is asked for.
 * Ids are random, as UUIDs are, so neighbours in time are none in the index. It asks not to be probed, because nothing else is
 * to be done while requests are measured.
 */
export function recordAt(index: number): RecordFields {
  const random = sourceOf(index);
  const id = idFrom(random);
  const environment = random.pick(ENVIRONMENTS);
  const host = `registry-${index}.${environment}.example.com`;
  return {
    container_registry_id: id,
    container_registry_name: `${random.pick(PURPOSES)} registry ${index} at ${random.pick(CITIES)}`,
    container_registry_metadata: metadataOf(index, environment, random),
    container_registry_tags: [numbered('team', random.int(TEAMS)), numbered('group', random.int(GROUPS)), `purpose-${random.pick(PURPOSES)}`, environment],
    container_registry_public_url: `https://${host}:5000`,
    container_registry_image_prefix: `${host}:5000`,
    container_registry_config: {
      auth_required: random.chance(0.7),
      mirror_enabled: random.chance(0.2),
      storage_backend: random.pick(STORAGE_TYPES),
      max_layer_size_mb: 100 * (1 + random.int(20)),
      retention: { untagged_days: 7 + random.int(30), keep_last: 1 + random.int(10) },
      health: { enabled: false },
    },
    container_registry_storage_info: {
      storage_type: random.pick(STORAGE_TYPES),
      storage_size: random.chance(0.2) ? -1 : 1_024 * (1 + random.int(64)),
      memory_size: 1_024 * (1 + random.int(32)),
      registry_type: random.chance(0.8) ? 'aios' : 'external',
    },
  };
}

/** The same record as one of a registry that is there to be probed. */
export function watchedRecordAt(index: number, url: string, intervalS: number): RecordFields {
  const record = recordAt(index);
  return {
    ...record,
    container_registry_public_url: url,
    container_registry_config: { ...(record.container_registry_config as Record<string, Json>), health: { interval_s: intervalS } },
  };
}

const meta = { created_at: '2026-01-01T00:00:00.000Z', updated_at: '2026-01-01T00:00:00.000Z', revision: 1, ...openAccess } as const;

/** The same record as a store takes it. */
export const newRecordAt = (index: number): NewRecord => ({ record: recordAt(index), meta, health: neverProbed(meta.created_at) });

/** The vantage of a service that nobody has told where it stands. */
export const VANTAGE = 'default';

/** Whose that record is. Of a hundred, ten are public, and seven private, of which `annsScope` lets see two. */
export function accessAt(index: number): RecordAccess {
  const owner = numbered('owner', index % TEAMS);
  if (index % 100 === 1) return { owner: 'ann', visibility: 'private', shared_with: [] };
  if (index % 100 === 2) return { owner, visibility: 'private', shared_with: [{ with: 'user:cy', may: 'write' }, { with: 'group:ops', may: 'read' }] };
  if (index % 20 === 0) return { owner, visibility: 'private', shared_with: [] };
  return { owner, visibility: index % 10 === 3 ? 'public' : 'internal', shared_with: [] };
}

/** What a user in a few groups sees. */
export const annsScope: Scope = { visibilities: ['public', 'internal'], owner: 'ann', members: ['user:ann', 'group:ml', 'group:platform', 'group:ops'] };

/** … and once its watch has found out that it is paused, and somebody owns it. */
export function pausedRecordAt(index: number): NewRecord {
  const plain = newRecordAt(index);
  const unwatched: NewRecord = { ...plain, meta: { ...plain.meta, ...accessAt(index) } };
  const { created_at: since } = unwatched.meta;
  return { ...unwatched, health: withVantage(unwatched.health, VANTAGE, { status: 'unknown', cause: 'paused', since }) };
}

export const idAt = (index: number): string => idFrom(sourceOf(index));

const sourceOf = (index: number): RandomSource => randomSource(SEED + index * 2_654_435);

function metadataOf(index: number, environment: string, random: RandomSource): Record<string, Json> {
  return {
    environment,
    owner: `${numbered('team', random.int(TEAMS))}@example.com`,
    region: numbered('region', random.int(REGIONS)),
    rack: numbered('rack', random.int(RACKS)),
    cost_center: numbered('cost', random.int(COST_CENTERS)),
    serial: `SN-${String(index).padStart(8, '0')}`,
    description: `Holds images and models for ${random.pick(PURPOSES)} work at ${random.pick(CITIES)}; ask its owner before deleting anything from it.`,
    contact: { on_call: `https://on-call.example.com/${numbered('team', random.int(TEAMS))}`, hours: random.chance(0.5) ? '24x7' : '8x5' },
  };
}

/** A UUID of version 4 made of seeded bits. It takes the first four numbers of the source. */
function idFrom(random: RandomSource): string {
  const hex = Array.from({ length: 4 }, () => random.int(2 ** 32).toString(16).padStart(8, '0')).join('');
  const variant = (8 + (parseInt(hex.charAt(16), 16) % 4)).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** One filter with several values, so that no answer is merely repeated. */
export interface FilterKind {
  readonly name: string;
  filterAt(index: number): Json;
}

const TAGS = 'container_registry_tags';
const inMetadata = (key: string): string => `container_registry_metadata.${key}`;

/** Each matches one record in a hundred. */
export const narrowFilters: readonly FilterKind[] = [
  { name: '$in on tags', filterAt: (index) => ({ [TAGS]: { $in: [numbered('team', (2 * index) % TEAMS), numbered('team', (2 * index + 1) % TEAMS)] } }) },
  { name: 'equality on a metadata key', filterAt: (index) => ({ [inMetadata('cost_center')]: numbered('cost', index % COST_CENTERS) }) },
  {
    name: 'conjunction of two fields',
    filterAt: (index) => ({ [inMetadata('region')]: numbered('region', index % REGIONS), [inMetadata('rack')]: numbered('rack', Math.floor(index / REGIONS) % RACKS) }),
  },
];

/** Each matches at least one record in sixteen: enough for a full page out of a thousand, so that the same query can be asked of both sizes. */
export const wideFilters: readonly FilterKind[] = [
  { name: '$in on tags', filterAt: (index) => ({ [TAGS]: { $in: [numbered('group', (2 * index) % GROUPS), numbered('group', (2 * index + 1) % GROUPS)] } }) },
  { name: 'equality on a metadata key', filterAt: (index) => ({ [inMetadata('region')]: numbered('region', index % REGIONS) }) },
  {
    name: 'conjunction of two fields',
    filterAt: (index) => ({
      [inMetadata('environment')]: ENVIRONMENTS[index % ENVIRONMENTS.length] ?? '',
      'container_registry_config.storage_backend': STORAGE_TYPES[Math.floor(index / ENVIRONMENTS.length) % STORAGE_TYPES.length] ?? '',
    }),
  },
];

/** Looks at every name and matches few, so that the search is what costs and not the answer. */
export const everyNameRegex: Json = { container_registry_name: { $regex: '(gpu|mirror) .*[0-9]9999 at .*a$' } };
