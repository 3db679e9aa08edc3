import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { newRequestId } from '../core/ids.ts';
import type { Log } from '../telemetry/logs.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** One request and its answer, as logs and metrics know it. */
export interface Exchange {
  readonly requestId: string;
  readonly startedMs: number;
  /** Pattern of the route that took the request; raw paths would make endless series and may hold secrets. */
  route: string;
}

const exchanges = new WeakMap<IncomingMessage, Exchange>();

export function exchangeOf(request: IncomingMessage): Exchange {
  const exchange = exchanges.get(request);
  if (exchange === undefined) throw new Error('The request did not pass the front.');
  return exchange;
}

/** Lets those who are handed the request alone find its exchange. */
export function attachExchange(request: IncomingMessage, exchange: Exchange): void {
  exchanges.set(request, exchange);
}

interface Recorder {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Begins an exchange: gives it an id, and sees to it that one line and one sample tell how it ended. */
export function beginExchange(request: IncomingMessage, response: ServerResponse, recorder: Recorder): Exchange {
  const offered = request.headers['x-request-id'];
  const exchange: Exchange = {
    requestId: newRequestId(typeof offered === 'string' ? offered : undefined),
    startedMs: recorder.clock.monotonicMs(),
    route: 'unmatched',
  };
  recorder.metrics.requestStarted();
  response.on('close', () => endExchange(request, response, exchange, recorder));
  return exchange;
}

function endExchange(request: IncomingMessage, response: ServerResponse, exchange: Exchange, { clock, log, metrics }: Recorder): void {
  const durationMs = clock.monotonicMs() - exchange.startedMs;
  const method = knownMethod(request.method);
  const status = response.statusCode;
  metrics.observeRequest(method, exchange.route, status, durationMs);
  const fields = { request_id: exchange.requestId, method, route: exchange.route, status, duration_ms: Math.round(durationMs * 1000) / 1000 };
  log.info('request', response.writableFinished ? fields : { ...fields, aborted: true });
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);

const knownMethod = (method: string | undefined): string => (method !== undefined && METHODS.has(method) ? method : 'other');
