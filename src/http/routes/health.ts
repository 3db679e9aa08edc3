import type { Catalog } from '../../catalog/catalog.ts';
import { filterOfPeopleQuery } from '../../catalog/people-query.ts';
import { VERDICTS } from '../../core/health-summary.ts';
import type { JsonObject } from '../../core/json.ts';
import { isJsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import type { ProbeResult } from '../../health/probe.ts';
import type { HealthReports } from '../../health/report.ts';
import { parseFilter } from '../../query/filter.ts';
import type { StoredRecord } from '../../store/port.ts';
import { success } from '../answer.ts';
import { invalid, type Parameter, type Query } from '../parameters.ts';
import type { RouteDefinition } from '../route.ts';
import { list } from './list.ts';
import { bodyErrors, eventSchema, historySchema, probeResultSchema, registryHealthSchema, storeErrors } from './schemas.ts';
import { idOf } from './record-id.ts';
import { timeOf, timeParameter } from './time-parameter.ts';

export interface HealthRoutesOptions {
  readonly catalog: Catalog;
  readonly reports: HealthReports;
  readonly vantage: string;
  /** Probes a URL that need not be in any record. */
  readonly probeUrl: (url: string, options: { debug: boolean }, signal: AbortSignal) => Promise<ProbeResult>;
  readonly nowMs: () => number;
}

const DAY_MS = 24 * 3_600_000;
const EVENTS_DEFAULT = 100;
/** A history without `step` comes in about so many steps. */
const STEPS_DEFAULT = 96;

const vantageParameter: Parameter = { name: 'vantage', description: 'Only what is seen from this vantage.', schema: { type: 'string', maxLength: 63 } };

export function healthRoutes(options: HealthRoutesOptions): RouteDefinition[] {
  return [overviewRoute(options), detailRoute(options), historyRoute(options), eventsRoute(options), probeRoute(options)];
}

function overviewRoute({ catalog, reports }: HealthRoutesOptions): RouteDefinition {
  return {
    method: 'GET',
    path: '/container_registries/health',
    action: 'record:read',
    operationId: 'listContainerRegistryHealth',
    summary: 'The health of all registries',
    description: 'Verdict, cause, last probe and uptime of each, by vantage. Without `limit`, `cursor` and `sort` everything streams.',
    compressed: true,
    parameters: [
      { name: 'status', description: `Only these verdicts, separated by commas: ${VERDICTS.join(', ')}.`, schema: { type: 'string', maxLength: 60 } },
      vantageParameter,
      { name: 'q', description: 'Part of an id, name, URL or tag; case does not matter.', schema: { type: 'string', maxLength: 200 } },
      { name: 'tag', description: 'Has this tag.', schema: { type: 'string', maxLength: 256 } },
      { name: 'registry_type', description: 'Is of this type.', schema: { type: 'string', maxLength: 20, enum: ['aios', 'external'] } },
      { name: 'limit', description: 'Registries on a page at most.', schema: { type: 'integer', minimum: 1, maximum: limits.pageSizeMax } },
      { name: 'cursor', description: 'Where the page begins: taken from the `Link` header of the page before.', schema: { type: 'string', maxLength: limits.cursorLengthMax } },
      { name: 'sort', description: 'Fields of the records to order by, such as `-health.since`. Comes in pages.', schema: { type: 'string', maxLength: 1_000 } },
      { name: 'count', description: '`true` adds the header `X-Total-Count`.', schema: { type: 'boolean' } },
    ],
    answers: { 200: { description: 'The registries, by id unless sorted otherwise.', data: { type: 'array', items: registryHealthSchema }, headers: ['Link', 'X-Total-Count'] } },
    errors: ['LIMIT_EXCEEDED', 'INVALID_CURSOR', 'INVALID_FILTER', 'QUERY_TOO_EXPENSIVE', ...storeErrors],
    async handle(context) {
      const { vantage } = context.query;
      const show = async (records: readonly StoredRecord[]): Promise<readonly string[]> => (await reports.ofRecords(records, vantage)).map((report) => JSON.stringify(report));
      return list(catalog.as(context.actor), parseFilter(filterOf(context.query)), show, context);
    },
  };
}

function filterOf(query: Query): JsonObject {
  const { q, tag, registry_type: registryType, status, vantage } = query;
  const conditions: JsonObject[] = [filterOfPeopleQuery({ q, tag, registryType })];
  const path = vantage === undefined ? 'health' : `health.vantages.${vantageOf(vantage)}`;
  if (status !== undefined) conditions.push({ [`${path}.status`]: { $in: verdictsOf(status) } });
  else if (vantage !== undefined) conditions.push({ [`${path}.status`]: { $exists: true } });
  const given = conditions.filter((condition) => Object.keys(condition).length > 0);
  return given.length > 1 ? { $and: given } : (given[0] ?? {});
}

function verdictsOf(text: string): string[] {
  const found = text.split(',');
  const unknown = found.find((word) => !VERDICTS.some((verdict) => verdict === word));
  if (unknown !== undefined) throw invalid('status', `must be verdicts separated by commas, of ${VERDICTS.join(', ')}`);
  return found;
}

function vantageOf(text: string): string {
  if (!/^[a-z0-9-]+$/.test(text)) throw invalid('vantage', 'must be the name of a vantage: lower-case letters, digits and hyphens');
  return text;
}

function detailRoute({ catalog, reports }: HealthRoutesOptions): RouteDefinition {
  return {
    method: 'GET',
    path: '/container_registry/{id}/health',
    action: 'record:read',
    operationId: 'getContainerRegistryHealth',
    summary: 'The health of one registry',
    description: 'What each vantage makes of it now, with the last result, the last ten failures whatever their age, and the uptime of 24 hours, 7, 30 and 90 days.',
    parameters: [],
    answers: { 200: { description: 'What is known.', data: registryHealthSchema } },
    errors: ['RECORD_NOT_FOUND', ...storeErrors],
    handle: async ({ params, actor }) => success(await reports.ofRecord(await catalog.as(actor).get(idOf(params)))),
  };
}

function historyRoute({ catalog, reports, vantage, nowMs }: HealthRoutesOptions): RouteDefinition {
  return {
    method: 'GET',
    path: '/container_registry/{id}/health/history',
    action: 'record:read',
    operationId: 'getContainerRegistryHealthHistory',
    summary: 'The past of one registry, in steps',
    description:
      'Availability and latency of each step. Single results are kept for 7 days and the figures of each hour for 400; time that nobody watched counts as unknown. Steps of whole hours that begin on the hour are the cheapest.',
    parameters: [
      timeParameter('from', 'Beginning, ISO 8601. Default: 24 hours before the end, or up to a step more, so that steps begin at round times.'),
      timeParameter('to', 'End, ISO 8601. Default: now.'),
      { name: 'step', description: 'Length of a step in seconds. Default: about a hundredth of the time.', schema: { type: 'integer', minimum: 1, maximum: 400 * 86_400 } },
      { ...vantageParameter, description: 'Where it was seen from. Default: the vantage of the process that answers, if it watches the registry, otherwise the first that does.' },
    ],
    answers: { 200: { description: 'The steps in order of time.', data: historySchema } },
    errors: ['RECORD_NOT_FOUND', 'LIMIT_EXCEEDED', ...storeErrors],
    async handle({ params, query, actor }) {
      const givenVantage = query['vantage'] === undefined ? undefined : vantageOf(query['vantage']);
      const { id } = await catalog.as(actor).get(idOf(params));
      const toMs = timeOf(query, 'to') ?? nowMs();
      const givenFromMs = timeOf(query, 'from');
      const stepMs = query['step'] === undefined ? defaultStepMs(toMs - (givenFromMs ?? toMs - DAY_MS)) : Number(query['step']) * 1000;
      // On the hour where steps are hours, which is easier to read and cheaper to tell.
      const fromMs = givenFromMs ?? Math.floor((toMs - DAY_MS) / stepMs) * stepMs;
      return success(await reports.history(id, { vantage: givenVantage, preferred: vantage }, { fromMs, toMs, stepMs }));
    },
  };
}

/** Round lengths, so that people read them easily: minutes, then hours, then days. */
const ROUND_STEPS_MS = [60_000, 300_000, 900_000, 3_600_000, 6 * 3_600_000, DAY_MS, 7 * DAY_MS];

function defaultStepMs(lengthMs: number): number {
  return ROUND_STEPS_MS.find((stepMs) => lengthMs / stepMs <= STEPS_DEFAULT) ?? Math.ceil(lengthMs / STEPS_DEFAULT);
}

function eventsRoute({ catalog, reports, nowMs }: HealthRoutesOptions): RouteDefinition {
  return {
    method: 'GET',
    path: '/container_registry/{id}/health/events',
    action: 'record:read',
    operationId: 'listContainerRegistryHealthEvents',
    summary: 'Changes of verdict of one registry',
    description:
      'The latest first, each with the results that led to it. `before` leads on: the time of the last event of the page before. Events of the same moment come together, though the page be longer for it.',
    parameters: [
      { name: 'limit', description: `Events at most. Default: ${EVENTS_DEFAULT}.`, schema: { type: 'integer', minimum: 1, maximum: limits.pageSizeMax } },
      timeParameter('before', 'Only events before this time, ISO 8601.'),
    ],
    answers: { 200: { description: 'The events.', data: { type: 'array', items: eventSchema } } },
    errors: ['RECORD_NOT_FOUND', ...storeErrors],
    async handle({ params, query, actor }) {
      const { id } = await catalog.as(actor).get(idOf(params));
      // One millisecond on, because an event of this very moment has happened.
      const beforeMs = timeOf(query, 'before') ?? nowMs() + 1;
      return success(await reports.events(id, { beforeMs, limit: Number(query['limit'] ?? EVENTS_DEFAULT) }));
    },
  };
}

function probeRoute({ probeUrl }: HealthRoutesOptions): RouteDefinition {
  return {
    method: 'POST',
    path: '/api/v1/probe',
    action: 'url:probe',
    operationId: 'probeUrl',
    summary: 'Probe a URL',
    description: 'Asks any URL for `/v2/`, under the same policy as registries of the catalog. Nothing is stored.',
    parameters: [],
    body: {
      description: 'The URL, and whether the probe is to tell how it went.',
      schema: {
        type: 'object',
        required: ['url'],
        additionalProperties: false,
        properties: { url: { type: 'string', maxLength: limits.urlLengthMax, description: 'What stands before `/v2/`.' }, debug: { type: 'boolean', description: 'Adds the probe’s own log.' } },
      },
      examples: { plain: { url: 'https://registry.example.com' } },
    },
    answers: { 200: { description: 'The result of the probe.', data: probeResultSchema } },
    errors: [...bodyErrors, 'OVERLOADED'],
    async handle(context) {
      const { url, debug } = probeInputOf(await context.json());
      return success(await probeUrl(url, { debug }, context.signal));
    },
  };
}

function probeInputOf(body: unknown): { url: string; debug: boolean } {
  if (!isJsonObject(body)) throw invalid('url', 'is missing: the body is an object such as {"url": "https://registry.example.com"}');
  const { url, debug = false, ...rest } = body;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw invalid(unknown, 'is not known here; the body takes `url` and `debug`');
  if (typeof url !== 'string' || url.length > limits.urlLengthMax) throw invalid('url', `must be a text of at most ${limits.urlLengthMax} characters`);
  if (typeof debug !== 'boolean') throw invalid('debug', 'must be true or false');
  return { url, debug };
}
