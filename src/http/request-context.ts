import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json } from '../core/json.ts';
import type { Principal } from '../core/principal.ts';
import { readQuery, type Query } from './parameters.ts';
import type { RequestContext, RouteDefinition } from './route.ts';

interface ContextParts {
  readonly route: RouteDefinition;
  readonly params: Readonly<Record<string, string>>;
  readonly principal: Principal;
  readonly json: () => Promise<Json>;
}

/** What a route sees of a request. A class, because one is made for each request and its accessors are then made only once. */
export class HttpRequestContext implements RequestContext {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly principal: Principal;
  readonly json: () => Promise<Json>;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #signal: AbortSignal | null = null;

  /** @throws {AppError} `INVALID_PARAMETER` when the query string is not what the route takes */
  constructor(request: IncomingMessage, response: ServerResponse, { route, params, principal, json }: ContextParts) {
    this.params = params;
    this.query = readQuery(request.url ?? '', route.parameters);
    this.principal = principal;
    this.json = json;
    this.#request = request;
    this.#response = response;
  }

  get url(): string {
    return this.#request.url ?? '';
  }

  readonly header = (name: string): string | undefined => {
    const value = this.#request.headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : value;
  };

  /** Most routes never look at it, and it costs more than they do. */
  get signal(): AbortSignal {
    return (this.#signal ??= signalOf(this.#response));
  }
}

function signalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  // Aborting makes an error with a stack; an answer that went out whole has nobody left to tell.
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
