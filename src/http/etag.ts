import type { Precondition } from '../catalog/catalog.ts';
import { AppError } from '../core/errors.ts';
import type { RecordMeta } from '../store/port.ts';

/**
 * A strong entity tag: the revision, and the time of creation, so that a record that was deleted and created again
 * does not pass for the old one. @see RFC 9110, section 8.8.3
 */
export function etagOf(meta: RecordMeta): string {
  return `"${Date.parse(meta.created_at)}.${meta.revision}"`;
}

const ENTITY_TAGS = /^\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*\s*$/;

/** `If-Match` compares strongly: a weak tag never matches. @see RFC 9110, section 13.1.1 */
export function preconditionOf(ifMatch: string | undefined): Precondition {
  if (ifMatch === undefined || ifMatch.trim() === '*') return { kind: 'none' };
  if (!ENTITY_TAGS.test(ifMatch)) {
    const message = 'The header If-Match is not a list of entity tags. Send an ETag as it came, quotes included.';
    throw new AppError('INVALID_PARAMETER', message, { details: [{ path: 'If-Match', message }] });
  }
  const tags = new Set(ifMatch.split(',').map((tag) => tag.trim()));
  return { kind: 'revision', matches: (meta) => tags.has(etagOf(meta)) };
}

/** `If-None-Match` compares weakly. A header that makes no sense asks for nothing. @see RFC 9110, section 13.1.2 */
export function isNotModified(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
