/** The headers of an answer that anything here depends on. All others are passed over, whatever they are called. */
const HEADER_NAMES = [
  'access-control-allow-headers',
  'content-length',
  'docker-distribution-api-version',
  'gitlab-container-registry-version',
  'location',
  'retry-after',
  'server',
  'transfer-encoding',
  'www-authenticate',
  'x-artifactory-id',
  'x-artifactory-node-id',
  'x-jfrog-version',
] as const;

export type HeaderName = (typeof HEADER_NAMES)[number];

/** A list where a header came several times. */
export type Headers = { readonly [Name in HeaderName]?: string | readonly string[] | undefined };

// To V8 a name that was just cut out of an answer is another text than the same one in the source, and slow to look up.
const known = new Map<string, HeaderName>(HEADER_NAMES.map((name) => [name, name]));

/** @param name in any spelling */
export const knownHeader = (name: string): HeaderName | undefined => known.get(name.toLowerCase());

/** All values of a header, in order. */
export const valuesOf = (headers: Headers, name: HeaderName): readonly string[] => [headers[name] ?? []].flat();
