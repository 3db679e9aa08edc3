import type { RequestListener } from 'node:http';
import compression from 'compression';
import cors from 'cors';
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler, type Response } from 'express';
import { AppError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import type { Actor } from '../core/principal.ts';
import type { Log } from '../telemetry/logs.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { send, setHead, type Answer } from './answer.ts';
import { plainAddress } from './caller.ts';
import type { Denials } from './denials.ts';
import { answerError } from './error-answer.ts';
import { attachExchange, beginExchange, exchangeOf } from './exchange.ts';
import type { Asking, Gate } from './gate.ts';
import { namesThisMachine } from './host-check.ts';
import { createHotRead, type HotRead } from './hot-read.ts';
import { readJsonBody } from './json-body.ts';
import { HttpRequestContext } from './request-context.ts';
import type { RouteDefinition } from './route.ts';
import { securityHeaders } from './security-headers.ts';
import type { StreamLimit } from './stream-limit.ts';

export interface HttpOptions {
  readonly routes: readonly RouteDefinition[];
  readonly gate: Gate;
  readonly streams: StreamLimit;
  readonly denials: Denials;
  readonly ownNamesOnly: boolean;
  readonly trustProxy: number | readonly string[];
  readonly corsOrigins: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The whole HTTP surface as one listener: what every request passes first, hot reads, then Express and the routes. */
export function createHttpListener(options: HttpOptions): RequestListener {
  const app = createExpressApp(options);
  const hotRead = hotReadOf(options);
  return (request, response) => {
    const exchange = beginExchange(request, response, options);
    if (hotRead?.(request, response, exchange) === true) return;
    attachExchange(request, exchange);
    for (const [name, value] of securityHeaders) response.setHeader(name, value);
    response.setHeader('X-Request-Id', exchange.requestId);
    app(request, response);
  };
}

/** Who the client is behind a proxy, and what CORS allows, only Express's middleware knows. */
function hotReadOf(options: HttpOptions): HotRead | null {
  const { trustProxy, corsOrigins } = options;
  const trustsNobody = typeof trustProxy === 'number' ? trustProxy === 0 : trustProxy.length === 0;
  return trustsNobody && corsOrigins.length === 0 ? createHotRead(options) : null;
}

function createExpressApp(options: HttpOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.set('case sensitive routing', true);
  const { trustProxy } = options;
  app.set('trust proxy', typeof trustProxy === 'number' ? trustProxy : [...trustProxy]);

  if (options.ownNamesOnly) app.use(refuseOtherHosts);
  if (options.corsOrigins.length > 0) app.use(corsFor(options.corsOrigins));
  for (const [path, routes] of byPath(options.routes)) mountPath(app, path, routes, options);
  app.use((request, response) => {
    countUnrouted(request, response, options.gate);
    throw new AppError('ROUTE_NOT_FOUND', `There is nothing at ${request.path.slice(0, 200)}. See /docs for all paths.`);
  });
  app.use(errorHandler(options.log));
  return app;
}

const refuseOtherHosts: RequestHandler = (request, _response, next) => {
  if (!namesThisMachine(request.headers.host)) throw new AppError('HOST_NOT_ALLOWED');
  next();
};

function corsFor(origins: readonly string[]): RequestHandler {
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    allowedHeaders: ['Accept', 'Authorization', 'Content-Type', 'If-Match', 'If-None-Match', 'X-Request-Id'],
    exposedHeaders: ['ETag', 'Link', 'Location', 'X-Total-Count', 'X-Request-Id', 'Retry-After'],
    maxAge: 600,
  });
}

function byPath(routes: readonly RouteDefinition[]): Map<string, RouteDefinition[]> {
  return Map.groupBy(routes, (route) => route.path);
}

function mountPath(app: Express, path: string, routes: readonly RouteDefinition[], options: HttpOptions): void {
  const pattern = path.replace(/\{(\w+)\}/g, ':$1');
  const mounted = app.route(pattern);
  for (const route of routes) {
    const handlers = [...(route.compressed === true ? [compression()] : []), handlerOf(route, options)];
    if (route.method === 'GET') mounted.get(handlers);
    else if (route.method === 'POST') mounted.post(handlers);
    else if (route.method === 'PUT') mounted.put(handlers);
    else mounted.delete(handlers);
  }
  mounted.all(refuseMethod(path, routes, options.gate));
}

/** Everything between Express and a route's own work: who asks and may they, parameters checked, the answer negotiated and sent. */
function handlerOf(route: RouteDefinition, { gate, streams, denials }: HttpOptions): RequestHandler {
  const produced = Object.values(route.answers)
    .flatMap(({ contentType = 'application/json', alternative }) => [contentType, ...(alternative === undefined ? [] : [alternative.contentType])])
    .map((type) => type.split(';')[0] ?? '');
  return async (request, response) => {
    exchangeOf(request).route = route.path;
    const asking = askingOf(route, request);
    const actor = await entered(gate, asking, response);
    try {
      refuseUnacceptable(request, produced);
      const { params } = asking;
      const context = new HttpRequestContext(request, response, { route, params, actor, streams, json: () => readJsonBody(request, response) });
      await send(response, await handled(route, context, request), request.method !== 'HEAD');
    } catch (error) {
      denials.note(error, asking, actor);
      throw error;
    }
  };
}

async function handled(route: RouteDefinition, context: HttpRequestContext, { socket }: Request): Promise<Answer> {
  if (route.slow !== true) return route.handle(context);
  socket.setTimeout(0);
  try {
    return await route.handle(context);
  } finally {
    socket.setTimeout(limits.idleSocketTimeoutMs);
  }
}

function askingOf(route: RouteDefinition, request: Request): Asking {
  return {
    route,
    params: request.params as Record<string, string>,
    authorization: request.headers.authorization,
    address: plainAddress(request.ip),
    requestId: exchangeOf(request).requestId,
    isSecure: request.secure,
  };
}

async function entered(gate: Gate, asking: Asking, response: Response): Promise<Actor> {
  const head: string[] = [];
  try {
    return await gate.enter(asking, head);
  } finally {
    setHead(response, head);
  }
}

function countUnrouted(request: Request, response: Response, gate: Gate): void {
  const head: string[] = [];
  try {
    gate.count(plainAddress(request.ip), head);
  } finally {
    setHead(response, head);
  }
}

function refuseUnacceptable(request: Request, produced: readonly string[]): void {
  const { accept } = request.headers;
  if (accept === undefined || accept.includes('*/*')) return;
  if (request.accepts([...produced]) !== false) return;
  throw new AppError('NOT_ACCEPTABLE', `This path answers in ${[...new Set(produced)].join(', ')} only.`);
}

function refuseMethod(path: string, routes: readonly RouteDefinition[], gate: Gate): RequestHandler {
  const allowed = routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).concat('OPTIONS');
  return (request, response) => {
    exchangeOf(request).route = path;
    countUnrouted(request, response, gate);
    response.setHeader('Allow', allowed.join(', '));
    if (request.method === 'OPTIONS') return void response.status(204).end();
    throw new AppError('METHOD_NOT_ALLOWED', `${request.method.slice(0, 20)} is not possible here; ${allowed.join(', ')} are.`);
  };
}

function errorHandler(log: Log): ErrorRequestHandler {
  // Express knows error handlers by their four parameters.
  return (error: unknown, request: Request, response: Response, _next: unknown) => answerError(error, request, response, exchangeOf(request), log);
}
