import type { CredentialTarget } from '../core/registry-credential.ts';
import { isBelow } from '../core/repository-name.ts';
import type { Entry } from '../store/access-port.ts';
import { keptOf, placeOf } from './sealed-credential.ts';

/** Whether a credential belongs to the record that has the id now, not to one that had it before. */
export const isOfRecord = (entry: Entry, recordCreatedAt: string): boolean => keptOf(entry).record_created_at === recordCreatedAt;

/**
 * The credential of a record that a probe logs in with: the one for what the probe asks for, or else the one for the whole registry. Those for
 * other repositories may be refused elsewhere, and say nothing then.
 * @param entries all credentials of that record's id
 */
export function chooseCredential(entries: readonly Entry[], { createdAt, repository }: CredentialTarget): Entry | null {
  const length = (entry: Entry): number => placeOf(entry).prefix.length;
  const fitting = entries.filter((entry) => isOfRecord(entry, createdAt) && (length(entry) === 0 || (repository !== null && isBelow(repository, placeOf(entry).prefix))));
  return fitting.reduce<Entry | null>((best, entry) => (best === null || length(entry) > length(best) ? entry : best), null);
}
