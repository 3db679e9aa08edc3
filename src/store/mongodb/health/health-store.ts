import type { HealthStore } from '../../health-port.ts';
import type { Connection } from '../connection.ts';
import { claimDue, claimOne, claimStale, release } from './claims.ts';
import { healthCollectionsOf, type HealthCollections } from './collections.ts';
import { complete } from './complete.ts';
import { days, events, hours, probesPerS, watchesOf } from './reading.ts';
import { announce, dropVantages, enrol, forget, mend, prune, touch, vantagesSince } from './upkeep.ts';

/**
 * Health in collections beside that of the records, for any number of processes. Leases are compared with the caller's
 * clock: clocks that differ lengthen or shorten them by as much, and a lease must be longer than clocks may differ.
 */
export function createMongoHealthStore(connection: Connection): HealthStore {
  let collections: HealthCollections | null = null;
  const run = <T>(work: (collections: HealthCollections) => Promise<T>): Promise<T> =>
    connection.run((records) => work((collections ??= healthCollectionsOf(records))));
  return {
    enrol: (query) => run((all) => enrol(all, query)),
    touch: (ids, vantages) => run((all) => touch(all, ids, vantages)),
    forget: (id) => run((all) => forget(all, id)),
    claim: (query) => run((all) => claimDue(all, query)),
    claimOne: (key, nowMs, leaseMs) => run((all) => claimOne(all, key, nowMs, leaseMs)),
    claimStale: (query) => run((all) => claimStale(all, query)),
    complete: (completions) => run((all) => complete(all, completions)),
    release: (claims) => run((all) => release(all, claims)),
    announce: (vantage, nowMs) => run((all) => announce(all, vantage, nowMs)),
    vantages: (sinceMs) => run((all) => vantagesSince(all, sinceMs)),
    dropVantages: (beforeMs, nowMs, limit) => run((all) => dropVantages(all, beforeMs, nowMs, limit)),
    watchesOf: (ids) => run((all) => watchesOf(all, ids)),
    mend: (vantage, nowMs, limit) => run((all) => mend(all, vantage, nowMs, limit)),
    probesPerS: (vantage) => run((all) => probesPerS(all, vantage)),
    hours: (key, from, to) => run((all) => hours(all, key, from, to)),
    days: (key, from, to) => run((all) => days(all, key, from, to)),
    events: (id, query) => run((all) => events(all, id, query)),
    prune: (before, limit) => run((all) => prune(all, before, limit)),
  };
}
