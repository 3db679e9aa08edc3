import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export const LATENCY_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Being late by less than a second is nothing to speak of. */
const LAG_BUCKETS_S = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Milliseconds; null where a probe did not come so far. */
export interface PhasesMs {
  readonly dns_ms: number | null;
  readonly connect_ms: number | null;
  readonly tls_ms: number | null;
  readonly first_byte_ms: number | null;
  readonly total_ms: number;
}

const PHASES = ['dns', 'connect', 'tls', 'first_byte', 'total'] as const;

export interface ProbeMetrics {
  observeProbe(cause: string, phasesMs: PhasesMs): void;
  /** How long after it was due a scheduled probe began. */
  observeLag(lagMs: number): void;
  setProbesInFlight(probes: number): void;
}

/** What this process does; what it knows of the registries is told by `registry-metrics.ts`. */
export function createProbeMetrics(registry: Registry): ProbeMetrics {
  const registers = [registry];
  const probes = new Counter({ name: 'portolan_probes_total', help: 'Probes made, by cause.', labelNames: ['cause'], registers });
  const durations = new Histogram({
    name: 'portolan_probe_duration_seconds',
    help: 'Time that probes spent in each phase, and in all.',
    labelNames: ['phase'],
    buckets: LATENCY_BUCKETS_S,
    registers,
  });
  const lag = new Histogram({ name: 'portolan_scheduler_lag_seconds', help: 'How long after they were due scheduled probes began.', buckets: LAG_BUCKETS_S, registers });
  const inFlight = new Gauge({ name: 'portolan_probes_in_flight', help: 'Scheduled probes under way.', registers });
  inFlight.set(0);
  const byPhase = PHASES.map((phase) => ({ key: `${phase}_ms` as const, series: durations.labels(phase) }));
  return {
    observeProbe(cause, phasesMs) {
      probes.inc({ cause });
      for (const { key, series } of byPhase) {
        const ms = phasesMs[key];
        if (ms !== null) series.observe(ms / 1000);
      }
    },
    observeLag: (lagMs) => lag.observe(lagMs / 1000),
    setProbesInFlight: (count) => inFlight.set(count),
  };
}
