import { AppError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';

/** Ids of older databases may have any form; one that no store would hold is simply not found. */
export function idOf(params: Readonly<Record<string, string>>): string {
  const id = params['id'] ?? '';
  if (id.length > limits.idLengthMax || id.includes('\0') || !id.isWellFormed()) throw new AppError('RECORD_NOT_FOUND');
  return id;
}
