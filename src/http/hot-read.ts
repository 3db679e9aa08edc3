import type { IncomingMessage, ServerResponse } from 'node:http';
import { RECORD_ID_PATTERN } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import type { Actor } from '../core/principal.ts';
import type { Log } from '../telemetry/logs.ts';
import { send, setHead, type Answer } from './answer.ts';
import { createBatch } from './batch.ts';
import { plainAddress } from './caller.ts';
import type { Denials } from './denials.ts';
import { answerError } from './error-answer.ts';
import type { Exchange } from './exchange.ts';
import type { Asking, Gate } from './gate.ts';
import { namesThisMachine } from './host-check.ts';
import { readPlainJson } from './json-body.ts';
import { HttpRequestContext } from './request-context.ts';
import type { RouteDefinition } from './route.ts';
import { securityHeaders } from './security-headers.ts';
import type { StreamLimit } from './stream-limit.ts';

interface HotReadOptions {
  readonly routes: readonly RouteDefinition[];
  readonly gate: Gate;
  readonly streams: StreamLimit;
  readonly denials: Denials;
  readonly ownNamesOnly: boolean;
  readonly log: Log;
}

/** Takes the request and answers it, or leaves it alone and returns false. */
export type HotRead = (request: IncomingMessage, response: ServerResponse, exchange: Exchange) => boolean;

type Params = Readonly<Record<string, string>>;

/** A route, and whether a request is plain enough to be answered here; its path parameters then. */
interface HotRoute {
  readonly route: RouteDefinition;
  readonly take: (request: IncomingMessage) => Params | null;
}

/** Names and values in turn; the request's id is the next value. */
const commonHead: readonly string[] = [...securityHeaders.flat(), 'X-Request-Id'];

/** A request that was taken. `head` has names and values of headers in turn. */
interface Taken {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly exchange: Exchange;
  readonly asking: Asking;
  readonly head: string[];
}

/**
 * Answers what machines ask for most, the routes that say `hot`, in front of Express: the same checks, the same headers and the
 * same answer at a fraction of the cost. Whatever is not plain about a request (an escaped id, another media type, a compressed
 * body, a foreign host) is left to Express, which answers as it always does.
 */
export function createHotRead({ routes, gate, streams, denials, ownNamesOnly, log }: HotReadOptions): HotRead {
  const hotRoutes = routes.filter((route) => route.hot === true).map(hotRouteOf);
  const atEndOfTurn = createBatch();

  const refuse = async (error: unknown, { request, response, exchange, head }: Taken): Promise<void> => {
    if (!response.headersSent) setHead(response, head);
    await answerError(error, request, response, exchange, log);
  };

  const answer = async (taken: Taken, actor: Actor): Promise<void> => {
    const { request, response, asking, head } = taken;
    try {
      const { route, params } = asking;
      const context = new HttpRequestContext(request, response, { route, params, actor, streams, json: () => readPlainJson(request) });
      const answered = await route.handle(context);
      if (typeof answered.body === 'string') {
        sendWhole(response, head, answered, answered.body);
      } else {
        setHead(response, head);
        await send(response, answered, true);
      }
    } catch (error) {
      denials.note(error, asking, actor);
      await refuse(error, taken);
    }
  };

  const enter = (taken: Taken): void => {
    const go = (actor: Actor): void => atEndOfTurn(() => void answer(taken, actor));
    try {
      const actor = gate.enter(taken.asking, taken.head);
      if (actor instanceof Promise) actor.then(go, (error: unknown) => void refuse(error, taken));
      else go(actor);
    } catch (error) {
      void refuse(error, taken);
    }
  };

  return (request, response, exchange) => {
    for (const { route, take } of hotRoutes) {
      const params = take(request);
      if (params === null) continue;
      if (ownNamesOnly && !namesThisMachine(request.headers.host)) return false;
      exchange.route = route.path;
      const head = [...commonHead, exchange.requestId];
      if (route.compressed === true) head.push('Vary', 'Accept-Encoding');
      const { requestId } = exchange;
      const { authorization } = request.headers;
      const asking = { route, params, authorization, address: plainAddress(request.socket.remoteAddress), requestId, isSecure: 'encrypted' in request.socket };
      enter({ request, response, exchange, asking, head });
      return true;
    }
    return false;
  };
}

/** Beyond this, copying a text to put it behind its headers costs more than sending it apart from them. */
const JOINED_LENGTH_MAX = 8 * 1024;

function sendWhole(response: ServerResponse, head: string[], { status, headers = {}, contentType }: Answer, text: string): void {
  const body = text.length <= JOINED_LENGTH_MAX ? text : Buffer.from(text);
  for (const [name, value] of Object.entries(headers)) head.push(name, value);
  if (status !== 304) head.push('Content-Type', contentType, 'Content-Length', String(Buffer.byteLength(body)));
  response.writeHead(status, head).end(body);
}

const NO_PARAMS: Params = {};
const ID_SUFFIX = '{id}';

function hotRouteOf(route: RouteDefinition): HotRoute {
  const { method, path } = route;
  const isPlain = method === 'POST' ? hasPlainBody : (): boolean => true;
  const paramsOf = path.endsWith(ID_SUFFIX) ? idAfter(path.slice(0, -ID_SUFFIX.length)) : onlyAt(path);
  return {
    route,
    take(request) {
      if (request.method !== method || !acceptsJson(request.headers.accept)) return null;
      if (route.compressed === true && request.headers['accept-encoding'] !== undefined) return null;
      return isPlain(request) ? paramsOf(request.url ?? '') : null;
    },
  };
}

/** Of an id, nothing but the id: what follows a question mark is Express's. */
function idAfter(prefix: string): (url: string) => Params | null {
  return (url) => {
    if (!url.startsWith(prefix)) return null;
    const id = url.slice(prefix.length);
    return RECORD_ID_PATTERN.test(id) ? { id } : null;
  };
}

function onlyAt(path: string): (url: string) => Params | null {
  return (url) => (url.startsWith(path) && (url.length === path.length || url.charAt(path.length) === '?') ? NO_PARAMS : null);
}

function acceptsJson(accept: string | undefined): boolean {
  return accept === undefined || accept === 'application/json' || accept.includes('*/*');
}

function hasPlainBody({ headers }: IncomingMessage): boolean {
  return headers['content-type'] === 'application/json' && headers['content-encoding'] === undefined && Number(headers['content-length']) <= limits.bodyBytesMax;
}
