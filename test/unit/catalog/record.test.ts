import { completeNewRecord, completeUpdatedRecord } from '../../../src/catalog/record.ts';
import { AppError, type ErrorDetail } from '../../../src/core/errors.ts';
import type { Json, JsonObject } from '../../../src/core/json.ts';
import { limits } from '../../../src/core/limits.ts';
import type { RecordFields } from '../../../src/core/record.ts';

const smallest = { container_registry_name: 'edge', container_registry_public_url: 'https://edge.example.com' };

function refusalOf(action: () => unknown): AppError {
  try {
    action();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('Nothing was refused.');
}

const detailsOf = (action: () => unknown): readonly ErrorDetail[] => refusalOf(action).details;
const pathsOf = (action: () => unknown): string[] => detailsOf(action).map(({ path }) => path);

describe('a new record', () => {
  it('gets an id, a prefix and empty collections', () => {
    expect(completeNewRecord(smallest, () => 'made')).toEqual({
      ...smallest,
      container_registry_id: 'made',
      container_registry_metadata: {},
      container_registry_tags: [],
      container_registry_image_prefix: 'edge.example.com',
      container_registry_config: {},
      container_registry_storage_info: {},
    });
  });

  it('does not share its defaults with the next one', () => {
    const first = completeNewRecord(smallest);
    first.container_registry_tags.push('mine');
    expect(completeNewRecord(smallest).container_registry_tags).toEqual([]);
  });

  it('keeps a prefix of one’s own, an empty one too', () => {
    expect(completeNewRecord({ ...smallest, container_registry_image_prefix: '' }).container_registry_image_prefix).toBe('');
  });

  it('is refused with all its mistakes at once', () => {
    const wrong = { container_registry_name: '', container_registry_tags: ['a', 'a'], container_registry_metadata: { $x: 1 }, colour: 'blue' };
    expect(pathsOf(() => completeNewRecord(wrong)).sort()).toEqual(
      ['colour', 'container_registry_metadata', 'container_registry_name', 'container_registry_public_url', 'container_registry_tags'].sort(),
    );
  });

  it('lists at most fifty mistakes and says how many more there are', () => {
    const metadata = Object.fromEntries(Array.from({ length: 80 }, (_unused, n) => [`$${n}`, 1]));
    const error = refusalOf(() => completeNewRecord({ ...smallest, container_registry_metadata: metadata }));
    expect(error.details).toHaveLength(50);
    expect(error.message).toContain('(and 79 more)');
  });

  it.each(['toString', 'hasOwnProperty', 'constructor', '__proto__'])('abuse 14: is refused for the field %s, whatever objects inherit', (name) => {
    const input = JSON.parse(`{"${name}": {"x": 1}}`) as JsonObject;
    expect(pathsOf(() => completeNewRecord({ ...smallest, ...input }))).toContain(name);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('takes names that objects inherit as tags like any other, and refuses each of them twice', () => {
    const tags = ['__proto__', 'constructor', 'toString'];
    expect(completeNewRecord({ ...smallest, container_registry_tags: tags }).container_registry_tags).toEqual(tags);
    for (const tag of tags) expect(pathsOf(() => completeNewRecord({ ...smallest, container_registry_tags: [...tags, tag] }))).toEqual(['container_registry_tags']);
  });

  it('abuse 17: is refused for depth that would exhaust the stack of whoever walks it', () => {
    let deep: Json = 'bottom';
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    const error = refusalOf(() => completeNewRecord({ ...smallest, container_registry_metadata: { deep } }));
    expect(error.details[0]?.message).toContain(`deeper than ${limits.documentDepthMax}`);
    expect(error.details[0]?.path.length).toBeLessThan(250);
  });

  it('may be as deep as the limit and no deeper', () => {
    const nested = (levels: number): JsonObject => (levels === 0 ? {} : { a: nested(levels - 1) });
    const withDepth = (levels: number): Json => ({ ...smallest, container_registry_metadata: nested(levels - 1) });
    expect(() => completeNewRecord(withDepth(limits.documentDepthMax))).not.toThrow();
    expect(refusalOf(() => completeNewRecord(withDepth(limits.documentDepthMax + 1))).code).toBe('INVALID_RECORD');
  });

  it('abuse 17: is refused for too many keys or values', () => {
    const keys = Object.fromEntries(Array.from({ length: limits.objectKeysMax + 1 }, (_unused, n) => [`k${n}`, n]));
    expect(detailsOf(() => completeNewRecord({ ...smallest, container_registry_config: keys }))[0]?.message).toContain(`${limits.objectKeysMax} keys`);
    const values = Array.from({ length: limits.documentNodesMax }, () => 0);
    expect(detailsOf(() => completeNewRecord({ ...smallest, container_registry_config: { values } }))[0]?.message).toContain(`${limits.documentNodesMax} values`);
  });

  it('is refused beyond its size, counted in bytes', () => {
    const error = refusalOf(() => completeNewRecord({ ...smallest, container_registry_metadata: { text: 'ü'.repeat(limits.recordBytesMax / 2) } }));
    expect(error.code).toBe('RECORD_TOO_LARGE');
  });
});

describe('a record after an update', () => {
  /** As a document of an older database may look. */
  const old = {
    container_registry_id: 'ä id of its own',
    container_registry_name: '',
    container_registry_metadata: { $set: 1, 'dotted.key': { $where: 2 }, fine: 1 },
    container_registry_tags: ['a', 'a'],
    container_registry_public_url: '',
    container_registry_image_prefix: '',
    container_registry_config: {},
    container_registry_storage_info: { storage_type: 'tape', storage_size: -5 },
  } as unknown as RecordFields;
  const updated = (change: JsonObject): RecordFields => completeUpdatedRecord(old, { ...(JSON.parse(JSON.stringify(old)) as JsonObject), ...change });

  it('may keep what was wrong before, anywhere, when the update left it alone', () => {
    expect(updated({ container_registry_config: { mirror: true } })).toEqual({ ...old, container_registry_config: { mirror: true } });
    expect(updated({ container_registry_metadata: { ...old.container_registry_metadata, fine: 2 } }).container_registry_metadata['fine']).toBe(2);
    expect(updated({ container_registry_storage_info: { storage_type: 'tape', storage_size: 7 } }).container_registry_storage_info.storage_size).toBe(7);
  });

  it.each<[string, JsonObject, string]>([
    ['the same mistake with another value', { container_registry_storage_info: { storage_type: 'drum', storage_size: -5 } }, 'container_registry_storage_info.storage_type'],
    ['another mistake at the same place', { container_registry_tags: ['a', 7] }, 'container_registry_tags.1'],
    ['a new mistake elsewhere', { container_registry_config: [] }, 'container_registry_config'],
    ['another forbidden key beside the old one', { container_registry_metadata: { $set: 1, $unset: 1 } }, 'container_registry_metadata'],
    ['another value under a forbidden key', { container_registry_metadata: { $set: 2 } }, 'container_registry_metadata'],
    ['another value under a forbidden key within a dotted one', { container_registry_metadata: { 'dotted.key': { $where: 3 } } }, 'container_registry_metadata.dotted.key'],
  ])('is refused for %s', (_what, change, path) => {
    expect(pathsOf(() => updated(change))).toEqual([path]);
  });

  it('gets the defaults of optional fields that were unset, but no new prefix', () => {
    const before = completeNewRecord({ ...smallest, container_registry_tags: ['a'] }, () => 'x');
    const kept = Object.entries(before).filter(([field]) => field !== 'container_registry_tags' && field !== 'container_registry_image_prefix');
    expect(completeUpdatedRecord(before, Object.fromEntries(kept) as JsonObject)).toMatchObject({ container_registry_tags: [], container_registry_image_prefix: '' });
  });
});
