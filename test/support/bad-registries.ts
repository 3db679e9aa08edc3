/** All ways in which registries are bad, and what a probe must call each. */
import type { Cause } from '../../src/health/cause.ts';
import type { Canary } from '../../src/health/canary.ts';
import type { Lookup } from '../../src/outgoing/resolve.ts';
import { answer, behaviours, redirectTo, startBadRegistry, type BadRegistry, type BadRegistryOptions, type Behaviour } from './bad-registry.ts';
import { makeCertificate, type TestCertificate } from './certificates.ts';

const DAY_MS = 86_400_000;
const daysFromNow = (days: number): Date => new Date(Date.now() + days * DAY_MS);

/** Trusted by the probes of these registries. */
export const authority = makeCertificate({ commonName: 'Test Authority', isAuthority: true, validFrom: daysFromNow(-100), validTo: daysFromNow(100) });
const privateAuthority = makeCertificate({ commonName: 'Private Authority', isAuthority: true });
export const trustedCertificate = makeCertificate({ commonName: 'registry', names: ['registry.example', '127.0.0.1'], issuer: authority });

/** What must come of a probe. */
export interface Verdict {
  readonly cause: Cause;
  /** Whether any answer of HTTP came. */
  readonly reachable: boolean;
  /** It takes as long as the probe lets it. */
  readonly takesAll?: boolean;
  readonly retryAfterS?: number;
}

interface Fault extends Verdict {
  readonly behaviour: Behaviour;
}

const fault = (behaviour: Behaviour, cause: Cause, reachable: boolean): Fault => ({ behaviour, cause, reachable });
const hanging = (behaviour: Behaviour, reachable: boolean, cause: Cause = 'timeout'): Fault => ({ behaviour, cause, reachable, takesAll: true });

/** An address that probes may not reach; nothing listens there either, and no packet must show that. */
const FORBIDDEN = 'http://127.0.0.2:1/';

export const canary: Canary = { repository: 'library/canary', reference: 'stable' };

/** `/v2/` lives, and the storage behind it does this. */
const behindV2 = (storage: Behaviour): Behaviour => (socket, head, connection) => (head.startsWith('GET /v2/ ') ? behaviours.works : storage)(socket, head, connection);

/** What is wrong with answers, over TCP and TLS alike. */
export const faults: Readonly<Record<string, Fault>> = {
  'resets the connection': fault(behaviours.resets, 'reset', false),
  'closes without an answer': fault(behaviours.closesWithoutAnswer, 'reset', false),
  'closes in the midst of its body': fault(behaviours.closesInBody, 'reset', true),
  'hangs before its headers': hanging(behaviours.hangsBeforeHeaders, false),
  'hangs in its headers': hanging(behaviours.hangsInHeaders, false),
  'hangs after its headers': hanging(behaviours.hangsAfterHeaders, true),
  'sends its headers byte by byte': hanging(behaviours.dripsHeaders, false),
  'sends its body byte by byte': hanging(behaviours.dripsBody, true),
  'has an endless body': fault(behaviours.endlessBody, 'too_large', true),
  'has an endless extension of a chunk': fault(behaviours.endlessChunkExtensions, 'too_large', true),
  'has endless interim answers': fault(behaviours.endlessInterimAnswers, 'protocol', false),
  'has a megabyte of headers': fault(behaviours.megabyteOfHeaders, 'protocol', false),
  'has a megabyte of reason phrase': fault(behaviours.megabyteReasonPhrase, 'too_large', false),
  'sends a gzip bomb': fault(behaviours.gzipBomb, 'not_a_registry', true),
  'speaks another protocol': fault(behaviours.notHttp, 'protocol', false),
  'changes to another protocol': fault(behaviours.secondAnswer, 'protocol', false),
  'redirects to itself for ever': fault(redirectTo('/v2/'), 'too_many_redirects', true),
  'redirects to a forbidden address': fault(redirectTo(FORBIDDEN), 'blocked', true),
  'redirects to a name with a forbidden address': fault(redirectTo('http://inside.example:1/'), 'blocked', true),
  'redirects to a file': fault(redirectTo('file:///etc/passwd'), 'bad_redirect', true),
  'answers with a web page': fault(answer('200 OK', ['Content-Type: text/html'], '<!doctype html>'), 'not_a_registry', true),
  'asks for a login without a challenge': fault(answer('401 Unauthorized'), 'bad_challenge', true),
  'asks for a login with a malformed challenge': fault(answer('401 Unauthorized', ['WWW-Authenticate: =,"??']), 'bad_challenge', true),
  'answers 403': fault(answer('403 Forbidden'), 'http_4xx', true),
  'answers 404': fault(answer('404 Not Found'), 'not_a_registry', true),
  'answers 429': fault(answer('429 Too Many Requests'), 'rate_limited', true),
  'answers 429 and says for how long': { ...fault(answer('429 Too Many Requests', ['Retry-After: 5']), 'rate_limited', true), retryAfterS: 5 },
  'answers 500': fault(answer('500 Internal Server Error'), 'http_5xx', true),
  'answers 503': fault(answer('503 Service Unavailable'), 'http_5xx', true),
  'answers 503 and says for how long': { ...fault(answer('503 Service Unavailable', ['Retry-After: 7']), 'http_5xx', true), retryAfterS: 7 },
  'has dead storage behind /v2/': fault(behindV2(answer('500 Internal Server Error')), 'storage_failed', true),
  'has empty storage behind /v2/': fault(behindV2(answer('404 Not Found')), 'storage_failed', true),
  'has storage behind /v2/ that hangs': hanging(behindV2(behaviours.hangsBeforeHeaders), true, 'storage_failed'),
  'has storage behind /v2/ that resets': fault(behindV2(behaviours.resets), 'storage_failed', true),
};

/** Certificates of `registry.example` that must be refused. */
export const badCertificates: Readonly<Record<string, { readonly certificate: TestCertificate; readonly cause: Cause }>> = {
  'is self-signed': { certificate: makeCertificate({ commonName: 'registry', names: ['registry.example'] }), cause: 'tls_untrusted' },
  'is from a private authority': { certificate: makeCertificate({ commonName: 'registry', names: ['registry.example'], issuer: privateAuthority }), cause: 'tls_untrusted' },
  'has expired': { certificate: makeCertificate({ commonName: 'registry', names: ['registry.example'], issuer: authority, validFrom: daysFromNow(-30), validTo: daysFromNow(-1) }), cause: 'tls_expired' },
  'is not valid yet': { certificate: makeCertificate({ commonName: 'registry', names: ['registry.example'], issuer: authority, validFrom: daysFromNow(1), validTo: daysFromNow(30) }), cause: 'tls_not_yet_valid' },
  'is for another name': { certificate: makeCertificate({ commonName: 'registry.example', names: ['other.example', '127.0.0.9'], issuer: authority }), cause: 'tls_name' },
};

/** What is wrong before any request is read. */
export const badConnections: Readonly<Record<string, Verdict & { readonly scheme: 'http' | 'https'; readonly options: BadRegistryOptions | null }>> = {
  'refuses': { scheme: 'http', options: null, cause: 'refused', reachable: false },
  'resets at once': { scheme: 'http', options: { behaviour: behaviours.works, onConnection: (socket) => socket.resetAndDestroy() }, cause: 'reset', reachable: false },
  'resets during the handshake': { scheme: 'https', options: { behaviour: behaviours.works, onConnection: (socket) => socket.resetAndDestroy() }, cause: 'reset', reachable: false },
  'closes during the handshake': { scheme: 'https', options: { behaviour: behaviours.works, onConnection: (socket) => socket.end() }, cause: 'reset', reachable: false },
  'hangs during the handshake': { scheme: 'https', options: { behaviour: () => undefined }, cause: 'timeout', reachable: false, takesAll: true },
  'speaks HTTP on its port for HTTPS': {
    scheme: 'https',
    options: { behaviour: () => undefined, onConnection: (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n') },
    cause: 'tls_failed',
    reachable: false,
  },
  'speaks HTTPS on its port for HTTP, and says so in HTTP': {
    scheme: 'http',
    options: { behaviour: (socket) => socket.end('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n') },
    cause: 'protocol',
    reachable: true,
  },
  'speaks HTTPS on its port for HTTP, and says so in TLS': {
    scheme: 'http',
    options: { behaviour: (socket) => socket.end(Buffer.from('15030300020246', 'hex')) },
    cause: 'protocol',
    reachable: false,
  },
};

/** A registry that is bad in one way. */
export interface StartedCase extends Verdict {
  readonly name: string;
  readonly url: string;
  /** Null where nothing listens. */
  readonly server: BadRegistry | null;
}

/** Only names that are meant to lead elsewhere do. */
export const lookup: Lookup = async (hostname) => [hostname === 'inside.example' ? '127.0.0.2' : '127.0.0.1'];

async function startFault(name: string, { behaviour, ...verdict }: Fault, certificate?: TestCertificate): Promise<StartedCase> {
  const server = await startBadRegistry({ behaviour, ...(certificate === undefined ? {} : { certificate }) });
  return { ...verdict, name: `${name}, ${certificate === undefined ? 'plain' : 'over TLS'}`, url: server.url, server };
}

async function startBadCertificate(name: string, certificate: TestCertificate, cause: Cause): Promise<StartedCase> {
  const server = await startBadRegistry({ behaviour: behaviours.works, certificate });
  return { name: `has a certificate that ${name}`, url: `https://registry.example:${server.port}`, server, cause, reachable: false };
}

async function startBadConnection(name: string, { scheme, options, ...verdict }: (typeof badConnections)[string]): Promise<StartedCase> {
  const server = await startBadRegistry(options ?? { behaviour: behaviours.works });
  if (options === null) await server.close();
  return { ...verdict, name, url: `${scheme}://127.0.0.1:${server.port}`, server: options === null ? null : server };
}

/** Starts one of each; whoever starts them closes their servers. */
export function startAllCases(): Promise<StartedCase[]> {
  return Promise.all([
    ...Object.entries(faults).flatMap(([name, each]) => [startFault(name, each), startFault(name, each, trustedCertificate)]),
    ...Object.entries(badCertificates).map(([name, { certificate, cause }]) => startBadCertificate(name, certificate, cause)),
    ...Object.entries(badConnections).map(([name, each]) => startBadConnection(name, each)),
  ]);
}
