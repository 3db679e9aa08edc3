import { limits } from '../core/limits.ts';
import type { Json } from '../core/json.ts';

// Everything outside visible ASCII: URL parsers silently drop or rewrite it, so what was checked would not be what is dialled.
const NOT_VISIBLE_ASCII = /[^\x21-\x7e]/;

/**
 * What is wrong with a registry's public URL, or `null`. Allowed: http or https, host, port, path (design section 4).
 * International host names must come in their ASCII form, so that look-alike letters show.
 */
export function checkRegistryUrl(text: string): string | null {
  if (text.length > limits.urlLengthMax) return `must not be longer than ${limits.urlLengthMax} characters`;
  if (NOT_VISIBLE_ASCII.test(text)) return 'must consist of visible ASCII characters (write an international host name in its xn-- form)';
  if (!/^https?:\/\/[^/\\]/i.test(text) || text.includes('\\')) return 'must begin with http:// or https:// and a host';
  if (!URL.canParse(text)) return 'is not a URL';
  const url = new URL(text);
  if (text.split('/')[2]?.includes('@')) return 'must not hold a user name or password; credentials are kept apart from records';
  if (text.includes('?') || text.includes('#')) return 'must not have a query or fragment';
  if (url.hostname === '') return 'must name a host';
  return null;
}

/** Host, port and path of a URL without a slash at its end: what references to images of that registry begin with. */
export function imagePrefixOf(publicUrl: Json | undefined): Json {
  if (typeof publicUrl !== 'string' || checkRegistryUrl(publicUrl) !== null) return '';
  const url = new URL(publicUrl);
  return `${url.host}${url.pathname}`.replace(/\/+$/, '');
}
