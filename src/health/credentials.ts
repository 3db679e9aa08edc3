import type { CredentialFacts, CredentialTarget, ProbeCredential } from '../core/registry-credential.ts';
import type { CredentialReport } from '../core/schema-types.ts';
import { limits } from '../core/limits.ts';
import type { OfferedCredential } from './login.ts';
import type { RecordFacts } from './record-facts.ts';
import { parseState, type AcceptedCredential } from './watch-state.ts';

/** Where probes get from what they log in with: of each registry at most one, by the record's id. */
export interface ProbeCredentials {
  forProbe(targets: readonly CredentialTarget[]): Promise<ReadonlyMap<string, ProbeCredential>>;
}

/** Where reports learn what may be told of that. */
export interface KnownCredentials {
  factsOf(targets: readonly CredentialTarget[]): Promise<ReadonlyMap<string, CredentialFacts>>;
}

export function credentialTargetOf(record: Pick<CredentialTarget, 'id' | 'createdAt'>, { url, settings }: Pick<RecordFacts, 'url' | 'settings'>): CredentialTarget {
  return { id: record.id, createdAt: record.createdAt, url, repository: settings.canary?.repository ?? null };
}

/** A credential, with what a watch remembers of it. @param state text of the watch's state */
export function offeredCredential(credential: ProbeCredential | undefined, state: string, nowMs: number): OfferedCredential | null {
  if (credential === undefined) return null;
  const { credential: known } = parseState(state, nowMs);
  return { ...credential, acceptedAtMs: known?.version === credential.version ? known.goodAtMs : null };
}

/** The last tenth of what it lives for, where that is shorter than two weeks: some tokens live for hours. */
const EXPIRING_SHARE = 0.1;

/** @param accepted what each vantage remembers */
export function credentialReportOf(facts: CredentialFacts | undefined, accepted: readonly (AcceptedCredential | null)[], nowMs: number): CredentialReport | null {
  if (facts === undefined) return null;
  const { version, updatedAtMs, expiresAtMs, usable } = facts;
  const goodAtMs = Math.max(...accepted.map((each) => (each?.version === version ? each.goodAtMs : -Infinity)));
  const soonMs = expiresAtMs === null ? 0 : Math.min(limits.credentialExpiresSoonMs, EXPIRING_SHARE * (expiresAtMs - updatedAtMs));
  return {
    expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    expires_soon: expiresAtMs !== null && expiresAtMs - nowMs <= soonMs,
    last_accepted_at: goodAtMs === -Infinity ? null : new Date(goodAtMs).toISOString(),
    usable,
  };
}
