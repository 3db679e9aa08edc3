import type { Observation } from './observation.ts';

/** The last tenth of a certificate's life (design section 7): days for one of three months, weeks for one of a year. */
const EXPIRING_SHARE = 0.1;

/** Whether the certificate of a result, if it had one, is about to expire. */
export function isExpiring(result: Pick<Observation, 'atMs' | 'certificate'> | null): boolean {
  if (result === null || result.certificate === null) return false;
  const { validFromMs, validToMs } = result.certificate;
  return validToMs - result.atMs <= EXPIRING_SHARE * (validToMs - validFromMs);
}
