import { decideExposure } from './auth/exposure.ts';
import { createCatalog } from './catalog/catalog.ts';
import type { Config } from './config/settings.ts';
import { systemClock } from './core/clock.ts';
import { createHealthChecks } from './health/checks.ts';
import { createProber } from './health/probe.ts';
import { createHttpListener } from './http/app.ts';
import { buildDocsPage, docsCss } from './http/docs-page.ts';
import { buildOpenApi } from './http/openapi.ts';
import { createRateLimit } from './http/rate-limit.ts';
import type { RouteDefinition } from './http/route.ts';
import { listRoutes } from './http/routes/lists.ts';
import { recordRoutes } from './http/routes/records.ts';
import { systemRoutes } from './http/routes/system.ts';
import { startServer } from './http/server.ts';
import { createDialer } from './outgoing/dialer.ts';
import type { RecordStore } from './store/port.ts';
import { createLog, type Log } from './telemetry/logs.ts';
import { createMetrics } from './telemetry/metrics.ts';
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
  const dialer = createDialer({ policy: { loopback: exposure.loopback, allow: config.probeAllowCidrs, deny: config.probeDenyCidrs }, clock });
  const checks = createHealthChecks({
    prober: createProber({ dialer, clock, vantage: 'default', userAgent: `portolan/${version}` }),
    onResult: (result) => metrics.observeProbe(result.cause, result.phases.total_ms),
  });
  const routes: RouteDefinition[] = [
    ...recordRoutes({ catalog, checkHealth: checks.check }),
    ...listRoutes(catalog),
  ];
  const once = <T>(make: () => T): (() => T) => {
    let made: { value: T } | null = null;
    return () => (made ??= { value: make() }).value;
  };
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
  if (exposure.warning !== null) log.warn(exposure.warning);
  log.info('listening', { url: server.url, store: config.mongoUrl === '' ? 'sqlite' : 'mongodb', version, node: process.version });
  log.flush();
  return {
    url: server.url,
    async stop() {
      log.info('stopping');
      readiness.setPhase('draining');
      await server.close(config.drainTimeoutS * 1000);
      await store.close();
      log.info('stopped');
      log.flush();
    },
  };
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
