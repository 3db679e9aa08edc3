import type { ProbeResult } from '../core/schema-types.ts';

/** Stable words for outcomes, as `schemas/probe-result.schema.json` lists them. */
export type Cause = ProbeResult['cause'];

/**
 * The one table of causes: what a probe's outcome is called, what it means and what helps. Results, filters, alerts and
 * metrics carry the words, so they never change; new ones may come.
 */
export interface CauseRow {
  readonly meaning: string;
  readonly remedy: string;
}

const row = (meaning: string, remedy: string): CauseRow => ({ meaning, remedy });

export const causeTable = {
  ok: row('The registry works: it asks for no login, or accepts the stored credentials.', 'Nothing to do.'),
  auth_required: row('The registry works and asks for a login, as most do.', 'Nothing to do.'),
  bad_url: row('The record’s public URL is not an http or https URL.', 'Correct `container_registry_public_url` in the record.'),
  blocked: row('Portolan may not connect to this address; nothing was sent.', 'Point the record elsewhere, or let the operator open the range with `PROBE_ALLOW_CIDRS`, where that is possible.'),
  dns: row('The host’s name could not be resolved.', 'Check the name in the URL, and the resolver of the machine that Portolan runs on.'),
  refused: row('Nothing listens on that port.', 'Start the registry, or correct the port in the URL.'),
  unreachable: row('There is no route to the registry’s addresses.', 'Check the network between Portolan and the registry.'),
  timeout: row('The registry did not answer in time.', 'Look at the registry’s load and at firewalls that drop packets; `phases` shows how far it came.'),
  reset: row('The connection was closed before a whole answer had come.', 'Look at the logs of the registry and of the proxies before it.'),
  tls_expired: row('The certificate is past its end.', 'Renew the certificate.'),
  tls_not_yet_valid: row('The certificate’s time has not begun.', 'Check the clocks of both machines, or install a certificate that is valid now.'),
  tls_untrusted: row('The certificate does not come from an authority that Portolan trusts, or its chain is incomplete.', 'Install the whole chain on the registry, or tell Portolan of the authority.'),
  tls_name: row('The certificate is for another name.', 'Use a name that the certificate lists, or have it issued for this one.'),
  tls_failed: row('The TLS handshake failed.', 'Check whether the port speaks TLS at all, and which versions; plain registries need an http:// URL.'),
  protocol: row('What answered does not speak HTTP as it should, or sent too many headers.', 'Check the port and, for registries with TLS, that the URL begins with https://.'),
  too_large: row('The answer is longer than that of any registry.', 'Check that the URL leads to a registry.'),
  too_many_redirects: row('One redirect followed another.', 'Name the last address in the record, or end the loop on the server.'),
  bad_redirect: row('The server redirects to something that is not an http or https URL.', 'Correct the redirect on the server, or name its target in the record.'),
  rate_limited: row('The registry asks for fewer requests.', 'Probe it less often, or raise its limit.'),
  bad_challenge: row('The registry asks for a login but not in a way that clients understand.', 'Have the registry, or the proxy before it, send a `WWW-Authenticate` header with a realm.'),
  not_a_registry: row('Something answers, but it does not speak the OCI distribution protocol.', 'Correct the URL: it is what stands before `/v2/`.'),
  http_4xx: row('The registry refuses the request.', 'Look at the status: a proxy or an access rule may stand before the registry.'),
  http_5xx: row('The registry, or a proxy before it, fails.', 'Look at the logs of the registry and of the proxies before it.'),
  unexpected_status: row('The registry answers with a status that its record does not expect.', 'Look at what answers, or correct `expected_status` in the record.'),
  storage_failed: row('The registry answers, but does not serve the image that must be there.', 'Look at the registry’s storage; when the image was deleted on purpose, name another `canary` in the record.'),
  credentials_rejected: row('The registry rejects the stored credentials.', 'Renew the credentials that are stored for it.'),
  credentials_expired: row('The registry rejects the stored credentials, whose time is over or which it accepted before.', 'Renew the credentials that are stored for it.'),
  credentials_withheld: row(
    'The registry asks for a login in a way, or at a place, in which Portolan does not send the stored credentials.',
    'Look at the reason. Where the registry’s token service has a host of its own, name it as `token_host` in the credentials.',
  ),
  token_service_failed: row('The service that gives out the registry’s tokens fails, so that the stored credentials could not be tried.', 'Look at the reason and at the logs of that service.'),
  probe_failed: row('Portolan itself could not make the probe; nothing is known of the registry.', 'Look at the resources of the machine that Portolan runs on, such as open files.'),
} as const satisfies Record<Cause, CauseRow>;
