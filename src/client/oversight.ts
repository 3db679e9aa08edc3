import type { Call, Exchange } from './exchange.ts';
import { entriesOf } from './pages.ts';
import type { AuditItem, AuditQuery, AuditVerdict, ResealedSecrets, SecretsOverview } from './types.ts';

/** What administrators look after: the audit, and the keys of secrets. */
export interface OversightCalls {
  /** Entries of the audit, the latest first; with `limit` in pages, otherwise all in one stream. */
  audit(query?: AuditQuery): AsyncIterable<AuditItem>;
  /** Has the service check that no entry of the audit was changed or taken out. */
  verifyAudit(): Promise<AuditVerdict>;
  /** Which keys there are, and how much is sealed with each. */
  secrets(): Promise<SecretsOverview>;
  /** Seals every credential anew with the first key. */
  resealCredentials(): Promise<ResealedSecrets>;
  /** Signs sessions with a new key from now on. */
  rotateSigningKey(): Promise<{ readonly kid: string }>;
}

export function oversightCalls(exchange: Exchange): OversightCalls {
  const rotate = async (what: string): Promise<unknown> => (await exchange.data({ method: 'POST', path: '/api/v1/secrets/rotate', body: { what } })).data;
  return {
    audit({ limit, ...query } = {}) {
      const call: Call = { method: 'GET', path: '/api/v1/audit', query: { ...query } };
      return limit === undefined ? (exchange.lines(call) as AsyncIterable<AuditItem>) : entriesOf<AuditItem>(exchange, call, limit);
    },
    async verifyAudit() {
      return (await exchange.data({ method: 'GET', path: '/api/v1/audit/verify' })).data as AuditVerdict;
    },
    async secrets() {
      return (await exchange.data({ method: 'GET', path: '/api/v1/secrets' })).data as SecretsOverview;
    },
    async resealCredentials() {
      return (await rotate('credentials')) as ResealedSecrets;
    },
    async rotateSigningKey() {
      return (await rotate('sessions')) as { kid: string };
    },
  };
}
