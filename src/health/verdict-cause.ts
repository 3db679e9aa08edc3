import type { Cause, CauseRow } from './cause.ts';

const row = (meaning: string, remedy: string): CauseRow => ({ meaning, remedy });

/** Causes of verdicts that no single probe can give; they stand beside those of `causeTable`, and are as stable. */
export const verdictCauseTable = {
  never_probed: row('No probe has looked at the registry yet.', 'Wait some seconds; when it stays so, look whether a process with the role of a prober runs.'),
  not_watched: row('The last result is older than three intervals, so it says nothing any more.', 'Look whether Portolan, or the vantage that probed, runs and keeps up.'),
  paused: row('The record says that the registry is not to be probed.', 'Set `enabled` to true, or take it out, to have the registry probed again.'),
  slow: row('The registry works, but takes much longer than it used to, or than its record allows.', 'Look at its load, its storage and the network; `slow_ms` sets a limit of your own.'),
  flapping: row('The registry keeps changing between working and failing.', 'Look at the failures: often one of several servers behind one name is broken.'),
  tls_expiring: row('The certificate is in the last tenth of its life.', 'Renew the certificate.'),
  vantages_differ: row('Some vantages reach the registry and others do not.', 'Compare the vantages: look at the network and the rules between those that fail and the registry.'),
} as const satisfies Record<string, CauseRow>;

/** Why a verdict stands: what a probe found, or what several of them together show. */
export type VerdictCause = Cause | keyof typeof verdictCauseTable;
