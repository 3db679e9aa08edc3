import { setTimeout as pause } from 'node:timers/promises';
import { createAccess } from './auth/access.ts';
import type { Accounts } from './auth/accounts.ts';
import { openAuthenticator, type Authenticator } from './auth/authenticator.ts';
import { refuseWithoutAdministrator, type Exposure } from './auth/exposure.ts';
import type { Config } from './config/settings.ts';
import type { Clock } from './core/clock.ts';
import { StartError } from './core/errors.ts';
import { limits } from './core/limits.ts';
import { createLoop, type Loop } from './health/watching/loop.ts';
import { refuseHalfFilled } from './operations/copying.ts';
import { checkKeys } from './secrets/key-check.ts';
import { createKeyRing, type KeyRing } from './secrets/key-ring.ts';
import { secretKeysOf } from './secrets/own-key.ts';
import type { Store } from './store/health-port.ts';
import { createAudit, createAuditRetention, type Audit } from './telemetry/audit.ts';
import type { Log } from './telemetry/logs.ts';

/** Who may do what, and what is on record of it. */
export interface AccessControl {
  readonly accounts: Accounts;
  readonly authenticator: Authenticator;
  readonly audit: Audit;
  readonly ring: KeyRing;
  /**
   * Makes sure that the store is whole and that somebody can administer, and tells of keys that are missing. While the store is away it goes on trying in the background:
   * a service that ran before its database did must not need to be started twice.
   * @throws {StartError} where the store is half filled, or a login is demanded that nobody has
   */
  settle(): Promise<void>;
  /** Resolves if the store, when it came back, turned out to be half filled. */
  readonly unfit: Promise<StartError>;
  /** Begins what is done again and again. */
  start(): void;
  /** Resolves when what is under way has ended, and the audit is written. */
  stop(): Promise<void>;
}

interface AccessControlParts {
  readonly config: Config;
  readonly exposure: Exposure;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/** @throws {StartError} when there is a file of the secret key that cannot be used */
export function createAccessControl({ config, exposure, store, clock, log }: AccessControlParts): AccessControl {
  const { entries } = store;
  const ring = createKeyRing(secretKeysOf({ secretKey: config.secretKey, dataDir: config.mongoUrl === '' ? config.dataDir : null, log }), log);
  const audit = createAudit({ store: store.audit, clock, log });
  const { accounts, authenticator } = createAccess({ entries, ring, clock, log, note: (entry) => audit.note(entry), anonymousRead: config.anonymousRead });

  const settleOnce = async (): Promise<void> => {
    // Before anything is written to it.
    await refuseHalfFilled(store);
    await checkKeys({ entries, ring, clock, log });
    if (!exposure.demandsLogin && config.adminPassword === '') return;
    const administrator = await accounts.ensureAdministrator(config.adminPassword);
    if (administrator.state === 'made') log.info('made the user admin, with the password of ADMIN_PASSWORD');
    refuseWithoutAdministrator(exposure, config.host, administrator);
  };
  const settling = createSettling(settleOnce, log);
  const loops = [
    createLoop({ name: 'removing expired sessions and tokens', everyMs: limits.pruneEveryMs, log, turn: createEntryRemoval({ store, clock }) }),
    createLoop({ name: 'removing old entries of the audit', everyMs: limits.pruneEveryMs, log, turn: createAuditRetention({ store: store.audit, clock, days: config.auditRetentionDays }) }),
  ];
  return {
    accounts,
    authenticator: exposure.demandsLogin ? authenticator : openAuthenticator,
    audit,
    ring,
    settle: () => settling.settle(),
    unfit: settling.unfit,
    start() {
      for (const loop of loops) loop.start();
    },
    async stop() {
      await Promise.all([settling.stop(), ...loops.map((loop) => loop.stop())]);
      await audit.drain();
    },
  };
}

/** Work that is to be done once: at the start or, when the store is away then, as soon as it is back. */
function createSettling(work: () => Promise<void>, log: Log): Pick<AccessControl, 'settle' | 'unfit' | 'stop'> {
  const unfit = Promise.withResolvers<StartError>();
  let current: Promise<void> = Promise.resolve();
  const retries: Loop = createLoop({
    name: 'looking up who can administer',
    everyMs: limits.settleEveryMs,
    log,
    async turn() {
      await work().catch((error: unknown) => {
        if (!(error instanceof StartError) || error.reason !== 'store_half_filled') throw error;
        unfit.resolve(error);
      });
      // Not waited for: it waits for this turn to end.
      void retries.stop();
    },
  });
  const first = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (error instanceof StartError) throw error;
      retries.start();
    }
  };
  return {
    settle: () => (current = first()),
    unfit: unfit.promise,
    async stop() {
      await current.catch(() => undefined);
      await retries.stop();
    },
  };
}

function createEntryRemoval({ store: { entries }, clock }: Pick<AccessControlParts, 'store' | 'clock'>): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    while (await entries.prune(clock.nowMs(), limits.rowsPrunedTogether)) {
      if (signal.aborted) return;
      await pause(limits.upkeepPauseMs);
    }
  };
}
