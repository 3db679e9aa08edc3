import { readFileSync } from 'node:fs';
import { decideExposure } from './auth/exposure.ts';
import { createCatalog, type Catalog } from './catalog/catalog.ts';
import { ROLES, type Config } from './config/settings.ts';
import { systemClock } from './core/clock.ts';
import { StartError } from './core/errors.ts';
import type { HealthChecks } from './health/checks.ts';
import { createRecordFacts, type RememberedFacts } from './health/record-facts.ts';
import { samplesOf } from './health/registry-samples.ts';
import { createHealthReports, type HealthReports } from './health/report.ts';
import { createRecordListener } from './health/watching/touching.ts';
import { sharedUpkeep } from './health/watching/upkeep.ts';
import type { Watcher } from './health/watching/watcher.ts';
import { createHttpListener } from './http/app.ts';
import { buildDocsPage, docsCss } from './http/docs-page.ts';
import { buildOpenApi } from './http/openapi.ts';
import { createRateLimit } from './http/rate-limit.ts';
import type { RouteDefinition } from './http/route.ts';
import { healthRoutes, type HealthRoutesOptions } from './http/routes/health.ts';
import { listRoutes } from './http/routes/lists.ts';
import { recordRoutes } from './http/routes/records.ts';
import { systemRoutes } from './http/routes/system.ts';
import { startServer } from './http/server.ts';
import type { AddressPolicy } from './outgoing/address-policy.ts';
import { checkPem } from './outgoing/trust.ts';
import { parseFilter } from './query/filter.ts';
import type { Store } from './store/health-port.ts';
import { createLog, type Log } from './telemetry/logs.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { createReadiness } from './telemetry/readiness.ts';
import type { RegistrySource } from './telemetry/registry-metrics.ts';

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
  const extraCa = readExtraCa(config);
  refuseSplitRoles(config);
  const log = createLog({ level: config.logLevel, format: logFormatOf(config.logFormat) });
  const store = await openStore(config, log);
  const catalog = createCatalog(store, clock, createRecordListener({ store: store.health, clock, vantage: config.roles.includes('prober') ? config.vantage : null, log }));
  const facts = createRecordFacts();
  const reports = createHealthReports(store.health, facts, clock);
  const metrics = createMetrics(version, () => readRegistrySamples(catalog, reports, config.metricsRegistriesMax).catch((error: unknown) => {
    // What the process tells of itself is wanted most of all while the store is away.
    log.warn('the metrics of registries cannot be read', { error });
    return null;
  }));
  const readiness = createReadiness({ store: () => store.ping() });
  const policy = { loopback: exposure.loopback, allow: config.probeAllowCidrs, deny: config.probeDenyCidrs };
  const probing = once(() => loadProbing({ config, policy, extraCa, store, facts, metrics, log, version }));
  const routes: RouteDefinition[] = config.roles.includes('api') ? catalogRoutes({ config, catalog, reports, probing }) : [];
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
  const upkeep = sharedUpkeep({ store: store.health, clock, log });
  for (const loop of upkeep) loop.start();
  const started = probing().then(
    ({ watcher }) => {
      if (config.roles.includes('prober')) watcher.start();
      return watcher;
    },
    (error: unknown) => {
      log.error('probes cannot be made', { error });
      return null;
    },
  );
  if (exposure.warning !== null) log.warn(exposure.warning);
  log.info('listening', { url: server.url, store: config.mongoUrl === '' ? 'sqlite' : 'mongodb', roles: config.roles, vantage: config.vantage, version, node: process.version });
  log.flush();
  return {
    url: server.url,
    async stop() {
      log.info('stopping');
      readiness.setPhase('draining');
      await server.close(config.drainTimeoutS * 1000);
      const watcher = await started;
      await Promise.all([watcher?.stop(), ...upkeep.map((loop) => loop.stop())]);
      await store.close();
      log.info('stopped');
      log.flush();
    },
  };
}

/** All that sends packets to registries. */
interface Probing {
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
  readonly metrics: Metrics;
  readonly log: Log;
  readonly version: string;
}

/** What probes need is loaded when the first requests can already be answered. */
async function loadProbing({ config: { vantage }, policy, extraCa, store, facts, metrics, log, version }: ProbingParts): Promise<Probing> {
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
  const watcher = createWatcher({ store: store.health, prober, facts, clock, vantage, log, metrics });
  const uncounted = createHealthChecks({ prober });
  const onDemand = createHealthChecks({ prober, onResult: (result) => metrics.observeProbe(result.cause, result.phases) });
  return {
    checks: createCountedChecks({ checks: onDemand, store: store.health, watcher, vantage, clock }),
    probeUrl: (url, options, signal) => uncounted.checkUrl(url, signal, options),
    watcher,
  };
}

interface CatalogRoutesParts {
  readonly config: Config;
  readonly catalog: Catalog;
  readonly reports: HealthReports;
  readonly probing: () => Promise<Probing>;
}

function catalogRoutes({ config: { vantage }, catalog, reports, probing }: CatalogRoutesParts): RouteDefinition[] {
  return [
    ...recordRoutes({ catalog, checkHealth: async (record, signal, options) => (await probing()).checks.check(record, signal, options) }),
    ...listRoutes(catalog),
    ...healthRoutes({
      catalog,
      reports,
      vantage,
      probeUrl: async (url, options, signal) => (await probing()).probeUrl(url, options, signal),
      nowMs: () => systemClock.nowMs(),
    }),
  ];
}

/** Read at every scrape, so that all processes tell the same, whoever probed. */
async function readRegistrySamples(catalog: Catalog, reports: HealthReports, registriesMax: number): ReturnType<RegistrySource> {
  const filter = parseFilter({});
  const { signal } = new AbortController();
  const samples = registriesMax === 0 ? [] : await samplesOf(catalog.find({ filter, sort: [], after: null, limit: registriesMax }, signal), reports);
  const leftOut = Math.max(0, (await catalog.count(filter, signal)) - registriesMax);
  return { samples, leftOut };
}

/** @throws {StartError} when the file cannot be read or holds no certificates */
function readExtraCa({ extraCaFile }: Config): string | undefined {
  if (extraCaFile === '') return undefined;
  try {
    return checkPem(readFileSync(extraCaFile, 'utf8'));
  } catch (error) {
    throw new StartError(`EXTRA_CA_FILE: ${extraCaFile} holds no certificates in PEM that can be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** @throws {StartError} */
function refuseSplitRoles({ roles, mongoUrl }: Config): void {
  if (mongoUrl !== '' || roles.length === ROLES.length) return;
  throw new StartError('ROLES: the embedded store belongs to one process, which must have both roles. Leave ROLES out, or set MONGO_URL.');
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

/** The driver of the store that is not used is never loaded. */
async function openStore(config: Config, log: Log): Promise<Store> {
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
