import type { Challenge, ProbeResult } from '../core/schema-types.ts';
import type { HeaderName, Headers } from './headers.ts';

/** What kind of registry it is, as `schemas/probe-result.schema.json` lists them. */
export type Flavor = ProbeResult['flavor'];

/** What shows from outside. */
export interface Traits {
  /** The host of the record's URL, in lower case, without port. */
  readonly hostname: string;
  /** Of the last answer; empty where none came. */
  readonly headers: Headers;
  readonly challenge: Challenge | null;
}

interface Seen extends Traits {
  /** The token service, where the challenge names one. */
  readonly realm: URL | null;
  readonly service: string;
}

function headerOf({ headers }: Traits, name: HeaderName): string {
  const value = headers[name] ?? '';
  return typeof value === 'string' ? value : value.join(',');
}

const ECR_HOST = /^\d{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)$/;
const DOCKER_HUB_HOSTS = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com']);
const isAcrHost = (hostname: string): boolean => /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.azurecr\.(?:io|cn|us)$/.test(hostname);

/** Servers that say no more than that they stand before another one. */
const PLAIN_PROXY = /^(?:nginx|openresty|apache|caddy|envoy|istio-envoy|traefik|haproxy|cloudflare|awselb)/i;
const FOREIGN_HEADERS = ['x-jfrog-version', 'x-artifactory-id', 'x-artifactory-node-id'] as const;

/**
 * Distribution made the version header, and many others send it. It says nothing else of itself and has no token service of
 * its own below `/v2/`, so that what does either is another.
 */
function looksLikeDistribution(seen: Seen): boolean {
  const server = headerOf(seen, 'server');
  return (
    headerOf(seen, 'docker-distribution-api-version') !== '' &&
    (server === '' || PLAIN_PROXY.test(server)) &&
    FOREIGN_HEADERS.every((name) => headerOf(seen, name) === '') &&
    !(seen.realm?.pathname.startsWith('/v2/') ?? false)
  );
}

/** What tells each apart, the surest first: what a registry says of itself counts for more than what it is called. */
const signs: readonly (readonly [Flavor, (seen: Seen) => boolean])[] = [
  ['gitlab', (seen) => headerOf(seen, 'gitlab-container-registry-version') !== '' || (seen.service === 'container_registry' && (seen.realm?.pathname.endsWith('/jwt/auth') ?? false))],
  ['harbor', ({ service }) => service === 'harbor-registry'],
  ['docker_hub', ({ service }) => service === 'registry.docker.io'],
  ['ghcr', ({ service }) => service === 'ghcr.io'],
  ['ecr', ({ service }) => service === 'ecr.amazonaws.com' || service === 'public.ecr.aws'],
  ['acr', (seen) => isAcrHost(seen.service) || headerOf(seen, 'server') === 'AzureContainerRegistry'],
  ['quay', ({ realm, service }) => realm?.pathname === '/v2/auth' && service === realm.host],
  ['zot', (seen) => /(?:^|,)\s*x-zot-api-client/i.test(headerOf(seen, 'access-control-allow-headers'))],
  ['docker_hub', ({ hostname }) => DOCKER_HUB_HOSTS.has(hostname)],
  ['ghcr', ({ hostname }) => hostname === 'ghcr.io'],
  ['ecr', ({ hostname }) => hostname === 'public.ecr.aws' || ECR_HOST.test(hostname)],
  ['acr', ({ hostname }) => isAcrHost(hostname)],
  ['quay', ({ hostname }) => hostname === 'quay.io'],
  ['gitlab', ({ hostname }) => hostname === 'registry.gitlab.com'],
  ['distribution', looksLikeDistribution],
];

/**
 * Tells registries apart by what their answers to `/v2/` show: challenges, headers, and the hosts of public ones. `unknown`
 * when nothing shows; a registry behind a proxy may show less than it is, never something else.
 */
export function flavorOf(traits: Traits): Flavor {
  const { challenge } = traits;
  const seen: Seen = { ...traits, realm: challenge?.realm === null || challenge === null ? null : URL.parse(challenge.realm), service: challenge?.service ?? '' };
  return signs.find(([, shows]) => shows(seen))?.[0] ?? 'unknown';
}
