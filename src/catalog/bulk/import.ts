import { AppError, type ErrorCode } from '../../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import type { Clock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';
import type { GivenAccess, Newcomer, PrincipalCatalog } from '../catalog.ts';
import { inBatches, oneAhead, yielding } from './batches.ts';
import type { Piece } from './pieces.ts';

export interface ImportOptions {
  /** `upsert`: records that are there already are updated with the fields that a line gives. */
  readonly mode: 'create' | 'upsert';
  readonly dryRun: boolean;
  /** Of new records whose line does not say. */
  readonly visibility: string | undefined;
}

export type ImportOutcome = 'created' | 'updated' | 'unchanged' | 'failed';

/** What came of one line. */
export interface ImportedLine {
  readonly line: number;
  /** `null` where the line says none, or none that can be read. */
  readonly id: string | null;
  readonly outcome: ImportOutcome;
  readonly code?: ErrorCode;
  readonly error?: string;
}

export interface ImportSummary {
  readonly summary: { readonly lines: number } & Readonly<Record<ImportOutcome, number>> & { readonly dry_run: boolean };
}

type Records = Pick<PrincipalCatalog, 'prepare' | 'createMany' | 'update'>;

/** A line that has been read: what it would be as a new record, or why it cannot be one. */
interface Reading {
  readonly line: number;
  readonly id: string | null;
  readonly textLength: number;
  /** The fields that the line gives; null where it is none that could be read. */
  readonly fields: JsonObject | null;
  readonly newcomer: Newcomer | AppError;
}

/**
 * Imports records, one from each piece. What came of each is told in the order of lines, once it is durable; while some are written, the
 * next ones are read. Nothing that is wrong with a line stops the others.
 */
export async function* importRecords(
  records: Records,
  pieces: AsyncIterable<Piece>,
  options: ImportOptions,
  clock: Pick<Clock, 'monotonicMs'>,
): AsyncGenerator<readonly (ImportedLine | ImportSummary)[]> {
  const counts = { lines: 0, created: 0, updated: 0, unchanged: 0, failed: 0 };
  const seen = options.dryRun ? new Set<string>() : null;
  const batches = inBatches(yielding(readAll(records, pieces, options), clock), {
    itemsMax: limits.importRecordsTogether,
    textMax: limits.importTextTogether,
    textOf: ({ textLength }) => textLength,
    idleMs: limits.importIdleMs,
  });
  for await (const lines of oneAhead(batches, (batch) => writeBatch(records, batch, options, seen))) {
    counts.lines += lines.length;
    for (const { outcome } of lines) counts[outcome]++;
    yield lines;
  }
  yield [{ summary: { ...counts, dry_run: options.dryRun } }];
}

async function* readAll(records: Records, pieces: AsyncIterable<Piece>, options: ImportOptions): AsyncGenerator<Reading> {
  for await (const piece of pieces) yield read(records, piece, options);
}

function read(records: Records, piece: Piece, { visibility }: ImportOptions): Reading {
  const { line } = piece;
  let given: JsonObject;
  try {
    given = givenIn(piece);
  } catch (error) {
    return { line, id: null, textLength: 0, fields: null, newcomer: appErrorOf(error) };
  }
  const { meta = null, ...fields } = given;
  const id = typeof fields['container_registry_id'] === 'string' ? fields['container_registry_id'] : null;
  const textLength = 'text' in piece ? piece.text.length : 0;
  try {
    const newcomer = records.prepare(fields, { visibility, ...accessIn(meta) });
    return { line, id: newcomer.record.container_registry_id, textLength, fields, newcomer };
  } catch (error) {
    return { line, id, textLength, fields, newcomer: appErrorOf(error) };
  }
}

/** An export's lines say more about a record than can be taken over: when it was made, and how often it was changed, is another story here. */
function accessIn(meta: Json): GivenAccess {
  if (meta === null) return {};
  if (!isJsonObject(meta)) throw new AppError('INVALID_RECORD', 'The record is not valid: meta is not an object. Leave it out, or take it as an export has it.', { details: [{ path: 'meta', message: 'must be an object' }] });
  const { owner, visibility, shared_with } = meta;
  return { ...(owner === undefined ? {} : { owner }), ...(visibility === undefined ? {} : { visibility }), ...(shared_with === undefined ? {} : { shared_with }) };
}

const FAULTS = {
  too_long: new AppError('RECORD_TOO_LARGE', `The line is longer than ${limits.importLineBytesMax} bytes; a record may take ${limits.recordBytesMax}.`),
  not_utf8: new AppError('INVALID_JSON', 'The line is not text in UTF-8.'),
  not_an_array: new AppError('INVALID_JSON', 'The body is not a JSON array. Send one, or send one record a line as application/x-ndjson.'),
  cut_off: new AppError('INVALID_JSON', 'The array ends before its closing bracket; what came before this was taken.'),
} as const;

/** @throws {AppError} `INVALID_JSON`, `INVALID_RECORD`, `RECORD_TOO_LARGE` */
function givenIn(piece: Piece): JsonObject {
  if ('fault' in piece) throw FAULTS[piece.fault];
  let parsed: Json;
  try {
    parsed = JSON.parse(piece.text) as Json;
  } catch (error) {
    throw new AppError('INVALID_JSON', `The line is not valid JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
  if (isJsonObject(parsed)) return parsed;
  throw new AppError('INVALID_RECORD', 'A record is a JSON object.');
}

async function writeBatch(records: Records, batch: readonly Reading[], options: ImportOptions, seen: Set<string> | null): Promise<readonly ImportedLine[]> {
  const lines: ImportedLine[] = [];
  // A line that updates what an earlier one creates has to wait for it.
  for (const part of options.mode === 'create' ? [batch] : withoutRepeatedIds(batch)) lines.push(...(await writePart(records, part, options, seen)));
  return lines;
}

function withoutRepeatedIds(batch: readonly Reading[]): readonly (readonly Reading[])[] {
  const parts: Reading[][] = [];
  let ids = new Set<string>();
  for (const reading of batch) {
    const part = parts.at(-1);
    if (part === undefined || (reading.id !== null && ids.has(reading.id))) {
      parts.push([reading]);
      ids = new Set();
    } else part.push(reading);
    if (reading.id !== null) ids.add(reading.id);
  }
  return parts;
}

async function writePart(records: Records, part: readonly Reading[], options: ImportOptions, seen: Set<string> | null): Promise<readonly ImportedLine[]> {
  const results = new Map<Reading, ImportOutcome | AppError>();
  if (options.mode === 'upsert') {
    const updates = await Promise.all(part.map((reading) => updated(records, reading, options)));
    for (const [index, reading] of part.entries()) if (updates[index] !== undefined && updates[index] !== null) results.set(reading, updates[index]);
  }
  const created: { reading: Reading; newcomer: Newcomer }[] = [];
  for (const reading of part) {
    if (results.has(reading)) continue;
    const repeated = seen === null ? null : repeatedIn(seen, reading, options);
    if (reading.newcomer instanceof AppError) results.set(reading, reading.newcomer);
    else if (repeated !== null) results.set(reading, repeated);
    else created.push({ reading, newcomer: reading.newcomer });
  }
  const failures = await createAll(records, created.map(({ newcomer }) => newcomer), options);
  for (const [index, { reading }] of created.entries()) results.set(reading, failures[index] ?? 'created');
  return part.map((reading) => lineOf(reading, results.get(reading) ?? 'failed'));
}

/** A trial writes nothing, so it has to remember what earlier lines would have created; so many of them that memory stays bounded. */
function repeatedIn(seen: Set<string>, { id, newcomer }: Reading, { mode }: ImportOptions): ImportOutcome | AppError | null {
  if (id === null || newcomer instanceof AppError) return null;
  if (seen.has(id)) return mode === 'upsert' ? 'updated' : new AppError('ID_EXISTS', `An earlier line has the id ${id} already.`);
  if (seen.size < limits.importTrialIdsMax) seen.add(id);
  return null;
}

async function createAll(records: Records, newcomers: readonly Newcomer[], { dryRun }: ImportOptions): Promise<readonly (AppError | null)[]> {
  if (newcomers.length === 0) return [];
  try {
    return await records.createMany(newcomers, { dryRun });
  } catch (error) {
    // The store was away, or is full: these lines have failed, and the next ones may not.
    const failure = appErrorOf(error);
    return newcomers.map(() => failure);
  }
}

/** @returns null where there is no such record yet */
async function updated(records: Records, { id, fields, newcomer }: Reading, { dryRun }: ImportOptions): Promise<ImportOutcome | AppError | null> {
  if (id === null || fields === null || fields['container_registry_id'] === undefined) return newcomer instanceof AppError ? newcomer : null;
  try {
    const { isChanged } = await records.update(id, fields, { kind: 'none' }, { dryRun });
    return isChanged ? 'updated' : 'unchanged';
  } catch (error) {
    const failure = appErrorOf(error);
    return failure.code === 'RECORD_NOT_FOUND' ? null : failure;
  }
}

/** What nobody has foreseen is no line's fault, and ends the import. */
function appErrorOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}

function lineOf({ line, id }: Reading, result: ImportOutcome | AppError): ImportedLine {
  return result instanceof AppError ? { line, id, outcome: 'failed', code: result.code, error: result.message } : { line, id, outcome: result };
}
