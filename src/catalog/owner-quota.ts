import { AppError } from '../core/errors.ts';
import type { RecordStore } from '../store/port.ts';

/** Holds every user to a number of records. */
export interface OwnerQuota {
  /**
   * Makes sure that a user may own one more, and keeps a place for it until the function that is returned is called: once the record is
   * stored, or was not.
   * @throws {AppError} `QUOTA_REACHED`
   */
  reserve(owner: string): Promise<() => void>;
  /** Keeps places for so many records, or for as many as there is room for, also for none. */
  reserveSome(owner: string, wanted: number): Promise<{ readonly places: number; readonly release: () => void }>;
}

/** A place that is kept; `freed` resolves when it no longer is. */
interface Place {
  readonly records: number;
  readonly freed: Promise<void>;
}

/** Exact within one process. Several processes may together exceed the quota by what is under way in them. */
export function createOwnerQuota(store: Pick<RecordStore, 'countOwned'>, recordsPerOwnerMax: number): OwnerQuota {
  const kept = new Map<string, Set<Place>>();
  const placesOf = (owner: string): ReadonlySet<Place> => kept.get(owner) ?? new Set();

  const keep = (owner: string, records: number): (() => void) => {
    const { promise: freed, resolve } = Promise.withResolvers<undefined>();
    const place: Place = { records, freed };
    const places = kept.get(owner) ?? new Set();
    kept.set(owner, places.add(place));
    return () => {
      places.delete(place);
      if (places.size === 0 && kept.get(owner) === places) kept.delete(owner);
      resolve(undefined);
    };
  };

  const reserveSome: OwnerQuota['reserveSome'] = async (owner, wanted) => {
    for (;;) {
      const before = new Set(placesOf(owner));
      const owned = await store.countOwned(owner);
      // Whichever of these has been stored meanwhile may be counted twice, but none is missed.
      const underWay = before.union(placesOf(owner));
      const room = recordsPerOwnerMax - owned - [...underWay].reduce((sum, { records }) => sum + records, 0);
      if (room >= wanted || (underWay.size === 0 && room > 0)) {
        const places = Math.min(room, wanted);
        return { places, release: keep(owner, places) };
      }
      if (underWay.size === 0) return { places: 0, release: () => undefined };
      await Promise.race([...underWay].map(({ freed }) => freed));
    }
  };

  return {
    reserveSome,
    async reserve(owner) {
      const { places, release } = await reserveSome(owner, 1);
      if (places > 0) return release;
      throw quotaReached(owner, recordsPerOwnerMax);
    },
  };
}

export function quotaReached(owner: string, recordsPerOwnerMax: number): AppError {
  return new AppError('QUOTA_REACHED', `${owner} owns ${recordsPerOwnerMax} records, and one user may own no more. Delete what is no longer needed, or have RECORDS_PER_OWNER_MAX raised.`);
}
