import { decideExposure } from './auth/exposure.ts';
import { createCatalog } from './catalog/catalog.ts';
import type { Config } from './config/settings.ts';
import { systemClock } from './core/clock.ts';
import type { HealthChecks } from './health/checks.ts';
import { createHttpListener } from './http/app.ts';
import { buildDocsPage, docsCss } from './http/docs-page.ts';
import { buildOpenApi } from './http/openapi.ts';
import { createRateLimit } from './http/rate-limit.ts';
import type { RouteDefinition } from './http/route.ts';
import { listRoutes } from './http/routes/lists.ts';
import { recordRoutes } from './http/routes/records.ts';
import { systemRoutes } from './http/routes/system.ts';
import { startServer } from './http/server.ts';
import type { AddressPolicy } from './outgoing/address-policy.ts';
import type { RecordStore } from './store/port.ts';
import { createLog, type Log } from './telemetry/logs.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { createReadiness } from './telemetry/readiness.ts';

export interface App {
  readonly url: string;
  /** Lets requests under way finish, then closes everything. */
  stop(): Promise<void>;
}

/**
 * The composition root: builds the store, the services and the server, and starts them.
 * @throws {StartError} when the service cannot run as configured; nothing is left open then
 */
export async function createApp(config: Config, version: string): Promise<App> {
  const clock = systemClock;
  const exposure = decideExposure(config.host, config.auth);
  const log = createLog({ level: config.logLevel, format: logFormatOf(config.logFormat) });
  const store = await openStore(config, log);
  const metrics = createMetrics(version);
  const readiness = createReadiness({ store: () => store.ping() });
  const catalog = createCatalog(store, clock);
  const policy = { loopback: exposure.loopback, allow: config.probeAllowCidrs, deny: config.probeDenyCidrs };
  const healthChecks = once(() => loadHealthChecks(policy, metrics, version));
  const routes: RouteDefinition[] = [
    ...recordRoutes({ catalog, checkHealth: async (record, signal) => (await healthChecks()).check(record, signal) }),
    ...listRoutes(catalog),
  ];
  routes.push(
    ...systemRoutes({
      version,
      readiness,
      metrics,
      openApiText: once(() => JSON.stringify(buildOpenApi(routes, version))),
      docsHtml: once(() => buildDocsPage(routes, version)),
      docsCss,
    }),
  );
  const listener = createHttpListener({
    routes,
    principal: exposure.principal,
    loopback: exposure.loopback,
    trustProxy: config.trustProxy,
    corsOrigins: config.corsOrigins,
    rateLimit: createRateLimit(config.rateLimitPerMinute, clock),
    clock,
    log,
    metrics,
  });
  const server = await startServer(listener, config.host, config.port).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  readiness.setPhase('running');
  const preloaded = healthChecks().then(
    () => undefined,
    (error: unknown) => log.error('probes cannot be made', { error }),
  );
  if (exposure.warning !== null) log.warn(exposure.warning);
  log.info('listening', { url: server.url, store: config.mongoUrl === '' ? 'sqlite' : 'mongodb', version, node: process.version });
  log.flush();
  return {
    url: server.url,
    async stop() {
      log.info('stopping');
      readiness.setPhase('draining');
      await server.close(config.drainTimeoutS * 1000);
      await preloaded;
      await store.close();
      log.info('stopped');
      log.flush();
    },
  };
}

/** The client that probes use is a tenth of all that there is to load; it is loaded when the first requests can already be answered. */
async function loadHealthChecks(policy: AddressPolicy, metrics: Metrics, version: string): Promise<HealthChecks> {
  const [{ createDialer }, { createHealthChecks }, { createProber }] = await Promise.all([
    import('./outgoing/dialer.ts'),
    import('./health/checks.ts'),
    import('./health/probe.ts'),
  ]);
  const dialer = createDialer({ policy, clock: systemClock });
  const prober = createProber({ dialer, clock: systemClock, vantage: 'default', userAgent: `portolan/${version}` });
  return createHealthChecks({ prober, onResult: (result) => metrics.observeProbe(result.cause, result.phases.total_ms) });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

/** The driver of the store that is not used is never loaded. */
async function openStore(config: Config, log: Log): Promise<RecordStore> {
  if (config.mongoUrl === '') {
    const { openSqliteStore } = await import('./store/sqlite/open.ts');
    return openSqliteStore({ dataDir: config.dataDir, log });
  }
  const { openMongoStore } = await import('./store/mongodb/open.ts');
  return openMongoStore({ url: config.mongoUrl, database: config.mongoDatabase, log });
}

function logFormatOf(format: Config['logFormat']): 'json' | 'text' {
  if (format !== 'auto') return format;
  return process.stdout.isTTY ? 'text' : 'json';
}
