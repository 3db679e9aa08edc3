import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { exposeRegistries, type RegistrySource } from './registry-metrics.ts';
import { createProbeMetrics, LATENCY_BUCKETS_S, type ProbeMetrics } from './probe-metrics.ts';

/** How often the event loop is looked at. */
const DELAY_SAMPLE_MS = 10;

export interface Metrics extends ProbeMetrics {
  /** Counts one finished request. `route` is the route's pattern, never a raw path. */
  observeRequest(method: string, route: string, status: number, durationMs: number): void;
  requestStarted(): void;
  /**
   * All metrics in the Prometheus text format.
   * @param registries what is known of each registry now that whoever asks may see
   */
  expose(registries: RegistrySource): Promise<string>;
  readonly contentType: string;
}

/** Samples of one series are handed to prom-client in one go: many at once cost a fraction of many one by one. */
const SAMPLES_KEPT = 512;

interface RequestSeries {
  readonly count: { inc(by: number): void };
  readonly duration: { observe(seconds: number): void };
  readonly durationsMs: number[];
}

function hand(series: RequestSeries): void {
  const { count, duration, durationsMs } = series;
  count.inc(durationsMs.length);
  for (const durationMs of durationsMs) duration.observe(durationMs / 1000);
  durationsMs.length = 0;
}

export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({ name: 'portolan_build_info', help: 'Version of the service; always 1.', labelNames: ['version', 'node'], registers }).set(
    { version, node: process.version },
    1,
  );
  const requests = new Counter({
    name: 'portolan_http_requests_total',
    help: 'Requests answered, by route and status.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'portolan_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['method', 'route'],
    buckets: LATENCY_BUCKETS_S,
    registers,
  });
  const inFlight = new Gauge({ name: 'portolan_http_requests_in_flight', help: 'Requests being answered.', registers });
  const probes = createProbeMetrics(registry);
  registerProcessMetrics(registry);

  // Finding a series by its labels costs more than counting; the few that exist are remembered.
  const series = new Map<string, RequestSeries>();
  const seriesOf = (method: string, route: string, status: number): RequestSeries => {
    const key = `${method} ${route} ${status}`;
    let found = series.get(key);
    if (found === undefined) {
      found = { count: requests.labels(method, route, String(status)), duration: durations.labels(method, route), durationsMs: [] };
      series.set(key, found);
    }
    return found;
  };

  let started = 0;
  let finished = 0;
  return {
    requestStarted() {
      started++;
    },
    observeRequest(method, route, status, durationMs) {
      finished++;
      const found = seriesOf(method, route, status);
      if (found.durationsMs.push(durationMs) >= SAMPLES_KEPT) hand(found);
    },
    ...probes,
    async expose(registries) {
      const ofRegistries = await exposeRegistries(registries);
      for (const found of series.values()) hand(found);
      inFlight.set(started - finished);
      return `${await registry.metrics()}${ofRegistries}`;
    },
    contentType: registry.contentType,
  };
}

/** What an operator watches of the process itself; read when asked for, so that it costs nothing between scrapes. */
function registerProcessMetrics(registry: Registry): void {
  const registers = [registry];
  const startedAtS = Date.now() / 1000 - process.uptime();
  new Gauge({ name: 'portolan_process_start_time_seconds', help: 'When the process started, in seconds since the epoch.', registers }).set(startedAtS);
  new Gauge({
    name: 'portolan_process_resident_memory_bytes',
    help: 'Resident memory.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'portolan_process_heap_used_bytes',
    help: 'JavaScript heap in use.',
    registers,
    collect() {
      this.set(process.memoryUsage().heapUsed);
    },
  });
  let countedS = 0;
  new Counter({
    name: 'portolan_process_cpu_seconds_total',
    help: 'Processor time spent, user and system.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      const totalS = (user + system) / 1e6;
      this.inc(totalS - countedS);
      countedS = totalS;
    },
  });
  const delay = monitorEventLoopDelay({ resolution: DELAY_SAMPLE_MS });
  delay.enable();
  new Gauge({
    name: 'portolan_event_loop_delay_p99_seconds',
    help: 'Delay of the event loop since the last scrape, 99th percentile.',
    registers,
    collect() {
      // Node counts the time between two samples, and a loop that is never late still takes that long for each.
      this.set(Math.max(0, delay.percentile(99) / 1e6 - DELAY_SAMPLE_MS) / 1000);
      delay.reset();
    },
  });
}
