import type { Config } from './config/settings.ts';
import { systemClock } from './core/clock.ts';
import type { RememberedFacts } from './health/record-facts.ts';
import type { HealthChecks } from './health/watching/counted-checks.ts';
import type { Watcher } from './health/watching/watcher.ts';
import type { HealthRoutesOptions } from './http/routes/health.ts';
import type { AddressPolicy } from './outgoing/address-policy.ts';
import type { RegistryCredentials } from './secrets/registry-credentials.ts';
import type { Store } from './store/health-port.ts';
import type { Log } from './telemetry/logs.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** All that sends packets to registries. */
export interface Probing {
  readonly checks: HealthChecks;
  readonly probeUrl: HealthRoutesOptions['probeUrl'];
  readonly watcher: Watcher;
}

interface ProbingParts {
  readonly config: Config;
  readonly policy: AddressPolicy;
  readonly extraCa: string | undefined;
  readonly store: Store;
  readonly facts: RememberedFacts;
  readonly credentials: RegistryCredentials;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly version: string;
}

/** What probes need is loaded when the first requests can already be answered. */
export async function loadProbing({ config: { vantage }, policy, extraCa, store, facts, credentials, metrics, log, version }: ProbingParts): Promise<Probing> {
  const [{ createDialer }, { createHealthChecks }, { createProber }, { createWatcher }, { createCountedChecks }] = await Promise.all([
    import('./outgoing/dialer.ts'),
    import('./health/checks.ts'),
    import('./health/probe.ts'),
    import('./health/watching/watcher.ts'),
    import('./health/watching/counted-checks.ts'),
  ]);
  const clock = systemClock;
  const dialer = createDialer({ policy, clock, ...(extraCa === undefined ? {} : { extraCa }) });
  const prober = createProber({ dialer, clock, vantage, userAgent: `portolan/${version}` });
  const watcher = createWatcher({ store: store.health, prober, facts, credentials, clock, vantage, log, metrics });
  const uncounted = createHealthChecks({ prober });
  const onDemand = createHealthChecks({ prober, onResult: (result) => metrics.observeProbe(result.cause, result.phases) });
  return {
    checks: createCountedChecks({ checks: onDemand, store: store.health, credentials, watcher, vantage, clock }),
    probeUrl: (url, options, signal) => uncounted.checkUrl(url, signal, options),
    watcher,
  };
}
