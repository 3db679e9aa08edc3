import { AppError } from '../core/errors.ts';

type Phase = 'starting' | 'running' | 'draining';

export interface ReadinessReport {
  readonly ready: boolean;
  readonly phase: Phase;
  /** One entry for each dependency: `ok`, or what is wrong with it. */
  readonly dependencies: Readonly<Record<string, string>>;
}

export interface Readiness {
  readonly phase: Phase;
  setPhase(phase: Phase): void;
  report(): Promise<ReadinessReport>;
}

/** Whether requests should be sent here: only while running, and only while every dependency answers. */
export function createReadiness(dependencies: Readonly<Record<string, () => Promise<void>>>): Readiness {
  let phase: Phase = 'starting';
  return {
    get phase() {
      return phase;
    },
    setPhase(next) {
      phase = next;
    },
    async report() {
      const checked = await Promise.all(
        Object.entries(dependencies).map(async ([name, check]) => [name, await outcomeOf(check)] as const),
      );
      const ready = phase === 'running' && checked.every(([, outcome]) => outcome === 'ok');
      return { ready, phase, dependencies: Object.fromEntries(checked) };
    },
  };
}

async function outcomeOf(check: () => Promise<void>): Promise<string> {
  try {
    await check();
    return 'ok';
  } catch (error) {
    // Only sentences meant for callers are shown; drivers put addresses and more into theirs.
    return error instanceof AppError ? error.message : 'does not answer';
  }
}
