import { InvalidArgumentError } from 'commander';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { messageOf } from './failure.ts';

/** Values of an option that may be given several times. */
export const gather = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** A MongoDB filter. */
export function parseFilter(text: string): JsonObject {
  return parseObject(text, 'A filter is a JSON object, such as {"container_registry_tags": "ai"}.');
}

/** A MongoDB update, or fields to replace. */
export function parseUpdate(text: string): JsonObject {
  return parseObject(text, 'An update is a JSON object, such as {"$addToSet": {"container_registry_tags": "ai"}}.');
}

function parseObject(text: string, what: string): JsonObject {
  let parsed: Json;
  try {
    parsed = JSON.parse(text) as Json;
  } catch (error) {
    throw new InvalidArgumentError(`It is not valid JSON: ${messageOf(error)}.`);
  }
  if (!isJsonObject(parsed)) throw new InvalidArgumentError(what);
  return parsed;
}

export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
}

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** A stretch of time such as `90d`, in seconds. */
export function parseSpanS(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) throw new InvalidArgumentError('It looks like 90d, 12h, 30m or 45s.');
  return Number(count) * SECONDS[unit as keyof typeof SECONDS];
}

/** A point in time, as the service takes it. A time without a zone is this machine’s; a day alone begins in UTC. */
export function parseTime(text: string): string {
  const atMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) throw new InvalidArgumentError('It looks like 2026-11-21 or 2026-11-21T09:30:00Z.');
  return new Date(atMs).toISOString();
}
