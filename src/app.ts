import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { createAccessControl, type AccessControl } from './access-control.ts';
import { decideExposure, type Exposure } from './auth/exposure.ts';
import { anonymousPrincipal } from './auth/permissions.ts';
import { createCatalog, type Catalog } from './catalog/catalog.ts';
import { ROLES, type Config } from './config/settings.ts';
import { systemClock } from './core/clock.ts';
import { StartError } from './core/errors.ts';
import type { Actor } from './core/principal.ts';
import { createRecordFacts } from './health/record-facts.ts';
import { samplesOf } from './health/registry-samples.ts';
import { createHealthReports, type HealthReports } from './health/report.ts';
import { createRecordListener } from './health/watching/touching.ts';
import { sharedUpkeep } from './health/watching/upkeep.ts';
import { createHttpListener } from './http/app.ts';
import { certificateFilesOf, type CertificateFiles } from './http/certificate.ts';
import { createDenials } from './http/denials.ts';
import { buildDocsPage, docsCss } from './http/docs-page.ts';
import { createGate } from './http/gate.ts';
import { buildOpenApi } from './http/openapi.ts';
import { createRateLimit } from './http/rate-limit.ts';
import type { RouteDefinition } from './http/route.ts';
import { accessRoutes } from './http/routes/access.ts';
import { auditRoutes } from './http/routes/audit.ts';
import { backupRoutes } from './http/routes/backup.ts';
import { credentialRoutes } from './http/routes/credentials.ts';
import { healthRoutes } from './http/routes/health.ts';
import { bulkRoutes } from './http/routes/bulk.ts';
import { listRoutes } from './http/routes/lists.ts';
import { recordRoutes } from './http/routes/records.ts';
import { secretRoutes } from './http/routes/secrets.ts';
import { sessionRoutes } from './http/routes/sessions.ts';
import { systemRoutes } from './http/routes/system.ts';
import { tokenRoutes } from './http/routes/tokens.ts';
import { userRoutes } from './http/routes/users.ts';
import { startServer } from './http/server.ts';
import { createStreamLimit } from './http/stream-limit.ts';
import { openStore } from './open-store.ts';
import type { Backup } from './operations/backup.ts';
import { checkPem } from './outgoing/trust.ts';
import { loadProbing, type Probing } from './probing.ts';
import { parseFilter } from './query/filter.ts';
import { createRegistryCredentials, type RegistryCredentials } from './secrets/registry-credentials.ts';
import type { Store } from './store/health-port.ts';
import { createLog, type Log } from './telemetry/logs.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { createReadiness, type Readiness } from './telemetry/readiness.ts';
import type { RegistrySource } from './telemetry/registry-metrics.ts';

export interface App {
  readonly url: string;
  /** Resolves if it turns out that the service must not go on, which for as long as the store was away nobody could know. */
  readonly unfit: Promise<StartError>;
  /** Lets requests under way finish, then closes everything. */
  stop(): Promise<void>;
}

/**
 * The composition root: builds the store, the services and the server, and starts them.
 * @throws {StartError} when the service cannot run as configured; nothing is left open then
 */
export async function createApp(config: Config, version: string): Promise<App> {
  const exposure = decideExposure(config.host, config.auth, config.trustProxy !== 0);
  const certificate = certificateFilesOf(config.tlsCertFile, config.tlsKeyFile);
  const extraCa = readExtraCa(config);
  refuseSplitRoles(config);
  const log = createLog({ level: config.logLevel, format: logFormatOf(config.logFormat) });
  const store = await openStore(config, log);
  try {
    const access = createAccessControl({ config, exposure, store, clock: systemClock, log });
    return await startService({ config, version, exposure, certificate, extraCa, log, store, access });
  } catch (error) {
    await store.close();
    log.flush();
    throw error;
  }
}

interface ServiceParts {
  readonly config: Config;
  readonly version: string;
  readonly exposure: Exposure;
  readonly certificate: CertificateFiles | null;
  readonly extraCa: string | undefined;
  readonly log: Log;
  readonly store: Store;
  readonly access: AccessControl;
}

async function startService(parts: ServiceParts): Promise<App> {
  const { config, version, exposure, certificate, log, store, access } = parts;
  const clock = systemClock;
  const metrics = createMetrics(version);
  const readiness = createReadiness({ store: () => store.ping() });
  const services = createServices(parts, metrics);
  // Nobody is let in before it is known that the store is whole and, where a login is demanded, who can administer.
  await access.settle();
  const server = await startServer(createListener(parts, { metrics, readiness, services }), { host: config.host, port: config.port, certificate }, log).catch(async (error: unknown) => {
    await access.stop();
    throw error;
  });
  readiness.setPhase('running');
  const upkeep = sharedUpkeep({ store: store.health, clock, log });
  for (const loop of [...upkeep, access]) loop.start();
  const started = services.probing().then(
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
    unfit: access.unfit,
    async stop() {
      log.info('stopping');
      readiness.setPhase('draining');
      await server.close({ delayMs: config.drainDelayS * 1000, timeoutMs: config.drainTimeoutS * 1000 });
      const watcher = await started;
      await Promise.all([watcher?.stop(), ...upkeep.map((loop) => loop.stop()), access.stop()]);
      await store.close();
      log.info('stopped');
      log.flush();
    },
  };
}

/** What routes call. */
interface Services {
  readonly catalog: Catalog;
  readonly credentials: RegistryCredentials;
  readonly reports: HealthReports;
  readonly probing: () => Promise<Probing>;
  readonly makeBackup: (actor: Actor) => Promise<Backup>;
}

function createServices({ config, version, exposure, extraCa, log, store, access }: ServiceParts, metrics: Metrics): Services {
  const clock = systemClock;
  const listener = createRecordListener({ store: store.health, clock, vantage: config.roles.includes('prober') ? config.vantage : null, log });
  const { recordsPerOwnerMax } = config;
  const catalog = createCatalog({ store, clock, listener, recordsPerOwnerMax, userExists: async (name) => (await store.entries.get('user', name)) !== null });
  const credentials = createRegistryCredentials({ entries: store.entries, ring: access.ring, clock, audit: access.audit, onChanged: (id) => listener.onWritten(id) });
  const facts = createRecordFacts();
  const reports = createHealthReports({ store: store.health, facts, credentials, clock });
  const policy = { loopback: exposure.loopback, allow: config.probeAllowCidrs, deny: config.probeDenyCidrs };
  return {
    catalog,
    credentials,
    reports,
    probing: once(() => loadProbing({ config, policy, extraCa, store, facts, credentials, metrics, log, version })),
    async makeBackup(actor) {
      // Loaded when the first is asked for: a backup is a file of the embedded store, which over MongoDB nothing else needs.
      const { createAuditedBackups } = await import('./operations/audited-backups.ts');
      return createAuditedBackups({ store, folder: config.mongoUrl === '' ? config.dataDir : tmpdir(), version, clock, audit: access.audit })(actor);
    },
  };
}

interface ListenerParts {
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly services: Services;
}

function createListener({ config, version, exposure, log, access }: ServiceParts, { metrics, readiness, services }: ListenerParts): RequestListener {
  const clock = systemClock;
  const routes: RouteDefinition[] = config.roles.includes('api') ? apiRoutes(config, services, access) : [];
  const exposeTo = (actor: Actor): Promise<string> => metrics.expose(() => readRegistrySamples(services, actor, config.metricsRegistriesMax, log));
  routes.push(
    ...systemRoutes({
      version,
      readiness,
      metrics: { contentType: metrics.contentType, exposeTo, isPublic: config.metricsPublic },
      openApiText: once(() => JSON.stringify(buildOpenApi(routes, version))),
      docsHtml: once(() => buildDocsPage(routes, version)),
      docsCss,
    }),
  );
  const denials = createDenials((entry) => access.audit.note(entry), clock);
  const secretsOverHttp = exposure.loopback || config.allowHttp;
  return createHttpListener({
    routes,
    gate: createGate({ authenticator: access.authenticator, rateLimit: createRateLimit(config.rateLimitPerMinute, clock), denials, secretsOverHttp }),
    streams: createStreamLimit(config.streamsPerPrincipalMax),
    denials,
    ownNamesOnly: exposure.ownNamesOnly,
    trustProxy: config.trustProxy,
    corsOrigins: config.corsOrigins,
    clock,
    log,
    metrics,
  });
}

function apiRoutes({ vantage }: Config, { catalog, credentials, reports, probing, makeBackup }: Services, { accounts, audit }: AccessControl): RouteDefinition[] {
  return [
    ...recordRoutes({ catalog, checkHealth: async (record, signal, options) => (await probing()).checks.check(record, signal, options) }),
    ...accessRoutes(catalog),
    ...listRoutes(catalog),
    ...bulkRoutes(catalog, systemClock),
    ...healthRoutes({
      catalog,
      reports,
      vantage,
      probeUrl: async (url, options, signal) => (await probing()).probeUrl(url, options, signal),
      nowMs: () => systemClock.nowMs(),
    }),
    ...sessionRoutes(accounts),
    ...userRoutes(accounts),
    ...tokenRoutes(accounts),
    ...auditRoutes(audit),
    ...secretRoutes({ accounts, credentials }),
    ...credentialRoutes({ catalog, credentials }),
    ...backupRoutes({ makeBackup }),
  ];
}

/** Whoever may read metrics without a login is told of what everybody may see. */
const visitor = anonymousPrincipal(true);

/**
 * Read at every scrape, so that all processes tell the same, whoever probed.
 * @returns null where it cannot be read: what the process tells of itself is wanted most of all while the store is away
 */
async function readRegistrySamples({ catalog, reports }: Services, actor: Actor, registriesMax: number, log: Log): ReturnType<RegistrySource> {
  const seen = catalog.as(actor.principal.kind === 'anonymous' ? { ...actor, principal: visitor } : actor);
  const filter = parseFilter({});
  const { signal } = new AbortController();
  try {
    const samples = registriesMax === 0 ? [] : await samplesOf(seen.find({ filter, sort: [], after: null, limit: registriesMax }, signal), reports);
    const leftOut = Math.max(0, (await seen.count(filter, signal)) - registriesMax);
    return { samples, leftOut };
  } catch (error) {
    log.warn('the metrics of registries cannot be read', { error });
    return null;
  }
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

function logFormatOf(format: Config['logFormat']): 'json' | 'text' {
  if (format !== 'auto') return format;
  return process.stdout.isTTY ? 'text' : 'json';
}
