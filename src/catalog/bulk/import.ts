import { AppError, type ErrorCode } from '../../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import type { Clock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';
import type { CreationBatch, GivenAccess, PrincipalCatalog } from '../catalog.ts';
import { inBatches, oneAhead, yielding, type Batch } from './batches.ts';
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

type Records = Pick<PrincipalCatalog, 'newBatch' | 'update'>;

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
  const batches = inBatches(yielding(pieces, clock), () => new ImportBatch(records, options, seen), limits.importIdleMs);
  for await (const lines of oneAhead(batches, (batch) => batch.write())) {
    counts.lines += lines.length;
    for (const { outcome } of lines) counts[outcome]++;
    yield lines;
  }
  yield [{ summary: { ...counts, dry_run: options.dryRun } }];
}

/** A line that has been read. */
interface Reading {
  readonly line: number;
  readonly id: string | null;
  /** Its position among the newcomers, or why it cannot be one. */
  readonly newcomer: number | AppError;
  /** What a record that is there already is to be updated with; null where none is to be. */
  readonly fields: JsonObject | null;
}

/** Lines that are written together. */
class ImportBatch implements Batch<Piece> {
  readonly #newPart: () => ImportPart;
  readonly #parts: ImportPart[] = [];
  #lines = 0;
  #textLength = 0;

  /** @param seen in a trial, ids that earlier lines would have created */
  constructor(records: Records, options: ImportOptions, seen: Set<string> | null) {
    this.#newPart = () => new ImportPart(records, options, seen);
  }

  put(piece: Piece): boolean {
    const given = givenIn(piece);
    let part = this.#parts.at(-1);
    // A line that updates what an earlier one creates has to wait for it.
    if (part === undefined || part.hasTaken(given)) this.#parts.push((part = this.#newPart()));
    part.put(piece.line, given);
    this.#lines++;
    if ('text' in piece) this.#textLength += piece.text.length;
    return this.#lines < limits.importRecordsTogether && this.#textLength < limits.importTextTogether;
  }

  async write(): Promise<readonly ImportedLine[]> {
    const lines: ImportedLine[] = [];
    for (const part of this.#parts) lines.push(...(await part.write()));
    return lines;
  }
}

/** Lines of which none depends on another. */
class ImportPart {
  readonly #records: Records;
  readonly #options: ImportOptions;
  readonly #seen: Set<string> | null;
  readonly #newcomers: CreationBatch;
  readonly #readings: Reading[] = [];
  readonly #updatedIds = new Set<string>();
  #added = 0;

  constructor(records: Records, options: ImportOptions, seen: Set<string> | null) {
    this.#records = records;
    this.#options = options;
    this.#seen = seen;
    this.#newcomers = records.newBatch({ dryRun: options.dryRun });
  }

  /** Whether a line is about a record that an earlier one has updated or made. */
  hasTaken(given: JsonObject | AppError): boolean {
    const id = givenIdOf(given);
    return id !== null && this.#updatedIds.has(id);
  }

  put(line: number, given: JsonObject | AppError): void {
    const id = givenIdOf(given);
    if (given instanceof AppError) {
      this.#readings.push({ line, id, newcomer: given, fields: null });
      return;
    }
    const { meta = null, ...fields } = given;
    const isUpdate = this.#options.mode === 'upsert' && id !== null;
    if (isUpdate) this.#updatedIds.add(id);
    this.#readings.push({ line, ...this.#asNewcomer(id, fields, meta), fields: isUpdate ? fields : null });
  }

  #asNewcomer(givenId: string | null, fields: JsonObject, meta: Json): Pick<Reading, 'id' | 'newcomer'> {
    try {
      const id = this.#newcomers.add(fields, { visibility: this.#options.visibility, ...accessIn(meta) });
      return { id, newcomer: this.#added++ };
    } catch (error) {
      return { id: givenId, newcomer: appErrorOf(error) };
    }
  }

  async write(): Promise<readonly ImportedLine[]> {
    const results = await Promise.all(this.#readings.map((reading) => this.#updated(reading)));
    const positions: number[] = [];
    const created: number[] = [];
    for (const [index, { id, newcomer }] of this.#readings.entries()) {
      if (results[index] !== null) continue;
      const repeated = newcomer instanceof AppError ? newcomer : this.#repeated(id);
      results[index] = repeated;
      if (repeated !== null || newcomer instanceof AppError) continue;
      positions.push(newcomer);
      created.push(index);
    }
    const failures = await this.#create(positions);
    for (const [position, index] of created.entries()) results[index] = failures[position] ?? 'created';
    return this.#readings.map((reading, index) => lineOf(reading, results[index] ?? 'failed'));
  }

  /** @returns null where there is no such record yet */
  async #updated({ id, fields }: Reading): Promise<ImportOutcome | AppError | null> {
    if (id === null || fields === null) return null;
    try {
      const { isChanged } = await this.#records.update(id, fields, { kind: 'none' }, { dryRun: this.#options.dryRun });
      return isChanged ? 'updated' : 'unchanged';
    } catch (error) {
      const failure = appErrorOf(error);
      return failure.code === 'RECORD_NOT_FOUND' ? null : failure;
    }
  }

  /** A trial writes nothing, so it has to remember what earlier lines would have created; so many of them that memory stays bounded. */
  #repeated(id: string | null): ImportOutcome | AppError | null {
    if (this.#seen === null || id === null) return null;
    if (this.#seen.has(id)) return this.#options.mode === 'upsert' ? 'updated' : new AppError('ID_EXISTS', `An earlier line has the id ${id} already.`);
    if (this.#seen.size < limits.importTrialIdsMax) this.#seen.add(id);
    return null;
  }

  async #create(positions: readonly number[]): Promise<readonly (AppError | null)[]> {
    if (positions.length === 0) return [];
    try {
      return await this.#newcomers.create(positions);
    } catch (error) {
      // The store was away, or is full: these lines have failed, and the next ones may not.
      const failure = appErrorOf(error);
      return positions.map(() => failure);
    }
  }
}

function givenIdOf(given: JsonObject | AppError): string | null {
  const id = given instanceof AppError ? null : given['container_registry_id'];
  return typeof id === 'string' ? id : null;
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

function givenIn(piece: Piece): JsonObject | AppError {
  if ('fault' in piece) return FAULTS[piece.fault];
  try {
    const parsed = JSON.parse(piece.text) as Json;
    return isJsonObject(parsed) ? parsed : new AppError('INVALID_RECORD', 'A record is a JSON object.');
  } catch (error) {
    return new AppError('INVALID_JSON', `The line is not valid JSON: ${error instanceof Error ? error.message : String(error)}.`);
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
