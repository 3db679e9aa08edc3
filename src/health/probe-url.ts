import { limits } from '../core/limits.ts';
import type { RecordFields } from '../core/record.ts';
import { ProbeFailure } from './failure.ts';

function parseHttpUrl(text: string, base?: URL): URL | null {
  if (text.length > limits.urlLengthMax) return null;
  const url = URL.parse(text, base);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  // Never sent, so it must not look as if it were. Each assignment costs as much as parsing the whole.
  if (url.username !== '') url.username = '';
  if (url.password !== '') url.password = '';
  return url;
}

/** A record's public URL. Documents of older databases may have anything in its place; what is no text is no URL either. */
export function publicUrlOf({ container_registry_public_url: url }: RecordFields): string {
  return typeof (url as unknown) === 'string' ? url : '';
}

/** `/v2/` below a record's public URL, or null when that is not an http or https URL, as in records of older catalogs. */
export function probeUrlOf(publicUrl: string): URL | null {
  const url = parseHttpUrl(publicUrl);
  if (url === null) return null;
  // Empty ones leave a mark behind, too.
  if (publicUrl.includes('?')) url.search = '';
  if (publicUrl.includes('#')) url.hash = '';
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v2/`;
  return url;
}

/** Where a challenge says that tokens are given out; null when it is not an http or https URL. */
export function realmUrlOf(realm: string | null): URL | null {
  return realm === null ? null : parseHttpUrl(realm);
}

/** @throws {ProbeFailure} `bad_redirect` when the target is not an http or https URL */
export function redirectTarget(from: URL, location: string): URL {
  const url = parseHttpUrl(location, from);
  if (url === null) throw new ProbeFailure('bad_redirect', `${from.origin} redirects to something that is not an http or https URL.`);
  return url;
}

/** For URLs that are shown although they are no good. */
export function withoutUserInfo(text: string): string {
  return text.slice(0, limits.urlLengthMax).replace(/\/\/[^/]*@/, '//');
}
