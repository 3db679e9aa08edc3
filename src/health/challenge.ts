import type { Challenge } from '../core/schema-types.ts';
import { limits } from '../core/limits.ts';

/** A token alone begins a challenge; a token with a value is a parameter of the last one. Quotes may be left out. */
const PART = /([\w!#$%&'*+.^`|~-]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g;

const shorten = (text: string | undefined): string | null => text?.slice(0, limits.probeTextLengthMax) ?? null;

function parse(header: string): Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const [, token = '', quoted, bare] of header.matchAll(PART)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? bare;
    if (value === undefined) found.push({ scheme: token, parameters: new Map() });
    else found.at(-1)?.parameters.set(token.toLowerCase(), value);
  }
  return found.map(({ scheme, parameters }) => ({
    scheme: scheme.slice(0, limits.probeTextLengthMax),
    realm: shorten(parameters.get('realm')),
    service: shorten(parameters.get('service')),
  }));
}

const isScheme = (name: string) => (challenge: Challenge): boolean => challenge.scheme.toLowerCase() === name;

/**
 * Reads `WWW-Authenticate` headers, tolerantly, for what clients of registries know: Bearer first, then Basic, then whatever
 * is there. Null when there is nothing that a client could act upon: Basic works without a realm, no other scheme does.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 */
export function parseChallenge(headers: readonly string[]): Challenge | null {
  const usable = headers.flatMap(parse).filter((challenge) => challenge.realm !== null || isScheme('basic')(challenge));
  return usable.find(isScheme('bearer')) ?? usable.find(isScheme('basic')) ?? usable[0] ?? null;
}
