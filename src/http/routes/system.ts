import type { Readiness } from '../../telemetry/readiness.ts';
import { AppError } from '../../core/errors.ts';
import type { Actor } from '../../core/principal.ts';
import { JSON_TYPE, success, type Answer } from '../answer.ts';
import type { RouteDefinition } from '../route.ts';

interface SystemRoutesOptions {
  readonly version: string;
  readonly readiness: Readiness;
  readonly metrics: {
    readonly contentType: string;
    /** Tells only of registries that the actor may see. */
    readonly exposeTo: (actor: Actor) => Promise<string>;
    /** Whether nobody has to log in for them. */
    readonly isPublic: boolean;
  };
  /** Made when first asked for: both follow from the routes, which are still being listed when these are. */
  readonly openApiText: () => string;
  readonly docsHtml: () => string;
  readonly docsCss: string;
}

const object = { type: 'object' } as const;

export function systemRoutes(options: SystemRoutesOptions): RouteDefinition[] {
  const { version, readiness, metrics } = options;
  const common = { method: 'GET', action: 'open', parameters: [], errors: [] } as const;
  return [
    {
      ...common,
      path: '/',
      operationId: 'about',
      summary: 'What this is',
      answers: { 200: { description: 'Name, version and links.', data: object } },
      handle: async () =>
        success({
          name: 'portolan',
          description: 'Catalog of OCI registries: which there are, which work right now, what is in them.',
          version,
          links: { docs: '/docs', openapi: '/openapi.json', registries: '/container_registries', health: '/health', ready: '/ready', metrics: '/metrics' },
        }),
    },
    {
      ...common,
      path: '/health',
      operationId: 'health',
      summary: 'Whether the process is alive',
      answers: { 200: { description: 'It is.', data: object } },
      handle: async () => success({ status: 'alive' }),
    },
    {
      ...common,
      path: '/ready',
      operationId: 'ready',
      summary: 'Whether requests should be sent here',
      description: '503 while the service starts or stops, and while it is cut off from its store.',
      answers: { 200: { description: 'They should.', data: object } },
      errors: ['NOT_READY'],
      handle: async () => readyAnswer(await readiness.report()),
    },
    {
      ...common,
      path: '/metrics',
      action: metrics.isPublic ? 'anybody' : 'metrics:read',
      operationId: 'metrics',
      summary: 'Figures for Prometheus',
      description: 'Of the process, and of each registry that one may see.',
      answers: { 200: { description: 'Text exposition format.', contentType: metrics.contentType } },
      handle: async ({ actor }) => ({ status: 200, contentType: metrics.contentType, body: await metrics.exposeTo(actor) }),
    },
    {
      ...common,
      path: '/openapi.json',
      operationId: 'openapi',
      summary: 'This API as OpenAPI 3.1',
      answers: { 200: { description: 'The OpenAPI document itself, not in the envelope.', contentType: JSON_TYPE } },
      handle: async () => ({ status: 200, contentType: JSON_TYPE, body: options.openApiText() }),
    },
    {
      ...common,
      path: '/docs',
      operationId: 'docs',
      summary: 'This API for people',
      answers: { 200: { description: 'A page.', contentType: 'text/html; charset=utf-8' } },
      handle: async () => ({ status: 200, contentType: 'text/html; charset=utf-8', body: options.docsHtml() }),
    },
    {
      ...common,
      path: '/docs/style.css',
      operationId: 'docsStyle',
      summary: 'The style of that page',
      answers: { 200: { description: 'A style sheet.', contentType: 'text/css; charset=utf-8' } },
      handle: async () => ({ status: 200, contentType: 'text/css; charset=utf-8', headers: { 'Cache-Control': 'max-age=3600' }, body: options.docsCss }),
    },
  ];
}

function readyAnswer(report: Awaited<ReturnType<Readiness['report']>>): Answer {
  if (report.ready) return success(report);
  const details = Object.entries(report.dependencies).map(([path, message]) => ({ path, message }));
  throw new AppError('NOT_READY', report.phase === 'running' ? 'A dependency does not answer.' : `The service is ${report.phase}.`, { details, retryAfterS: 1 });
}
