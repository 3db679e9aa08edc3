import { parseTimeMs } from '../../core/time.ts';
import { invalid, type Parameter, type Query } from '../parameters.ts';

/** A query parameter that is a time. */
export const timeParameter = (name: string, description: string): Parameter => ({ name, description, schema: { type: 'string', maxLength: 40 } });

/** A day alone means its beginning in UTC. */
const DAY = /^\d{4}-\d\d-\d\d$/;

/** @throws {AppError} `INVALID_PARAMETER` */
export function timeOf(query: Query, name: string): number | undefined {
  const text = query[name];
  if (text === undefined) return undefined;
  const timeMs = parseTimeMs(DAY.test(text) ? `${text}T00:00:00Z` : text);
  if (timeMs === null || timeMs < 0) throw invalid(name, 'must be a time such as 2026-01-31T12:00:00Z');
  return timeMs;
}
