import { AppError } from '../../../../src/core/errors.ts';
import type { Json, JsonObject } from '../../../../src/core/json.ts';
import { applyUpdate } from '../../../../src/query/update/apply.ts';
import { parseUpdate } from '../../../../src/query/update/parse.ts';

export const METADATA = 'container_registry_metadata';

/** What an update is in a table: operators over paths that are relative to the record's metadata. */
export type MetadataUpdate = Record<string, Record<string, unknown>>;

/** The rule, the metadata before, the update, the metadata after. */
export type AppliedRow = readonly [rule: string, before: JsonObject, update: MetadataUpdate, after: JsonObject];

/** The rule, the metadata, the update that is refused, what the message says. */
export type RefusedRow = readonly [rule: string, before: JsonObject, update: MetadataUpdate, message: RegExp];

export function recordWith(metadata: Json): JsonObject {
  return {
    container_registry_id: 'internal-1',
    container_registry_name: 'internal-ai-registry',
    container_registry_metadata: metadata,
    container_registry_tags: ['ai', 'internal'],
    container_registry_public_url: 'http://10.13.21.22:32633',
    container_registry_image_prefix: '10.13.21.22:32633',
    container_registry_config: { auth_required: true },
    container_registry_storage_info: { storage_type: 's3', storage_size: -1 },
  };
}

/** Puts the metadata's name before each path, and before the new paths of `$rename`. */
export function inMetadata(update: MetadataUpdate): JsonObject {
  const below = (path: unknown): string => `${METADATA}.${String(path)}`;
  return Object.fromEntries(
    Object.entries(update).map(([operator, operands]) => [
      operator,
      Object.fromEntries(
        Object.entries(operands).map(([path, operand]) => [
          below(path),
          (operator === '$rename' && typeof operand === 'string' ? below(operand) : operand) as Json,
        ]),
      ),
    ]),
  );
}

/** Makes any write to the value, however deep, throw. */
export function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) {
      frozen(child);
    }
    Object.freeze(value);
  }
  return value;
}

/** Applies an update to a frozen record. */
export function after(record: JsonObject, update: unknown): JsonObject {
  return applyUpdate(frozen(record), parseUpdate(update));
}

/** The JSON text of the metadata after an update: the order of keys counts. */
export function metadataTextAfter(before: JsonObject, update: MetadataUpdate): string {
  return JSON.stringify(after(recordWith(structuredClone(before)), inMetadata(update))[METADATA]);
}

export function refusalOf(run: () => unknown): AppError {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) {
      return error;
    }
    throw error;
  }
  throw new Error('The update was not refused.');
}

/** Runs a table of rules as tests, each row one test. */
export function testApplied(rows: readonly AppliedRow[]): void {
  it.each(rows)('%s', (_, before, update, expected) => {
    expect(metadataTextAfter(before, update)).toBe(JSON.stringify(expected));
  });
}

/** Runs a table of refusals as tests, each row one test. */
export function testRefused(rows: readonly RefusedRow[]): void {
  it.each(rows)('refuses: %s', (_, before, update, message) => {
    const record = recordWith(structuredClone(before));
    const text = JSON.stringify(record);
    const error = refusalOf(() => after(record, inMetadata(update)));
    const [operator = ''] = Object.keys(update);
    expect(error.status).toBe(400);
    expect(error.message).toMatch(message);
    expect(error.details).toHaveLength(1);
    expect(error.details[0]?.path.startsWith(`${operator}.${METADATA}.`)).toBe(true);
    expect(JSON.stringify(record)).toBe(text);
  });
}
