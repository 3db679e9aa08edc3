import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json } from '../core/json.ts';
import type { Actor } from '../core/principal.ts';
import { limitKeyOf } from './caller.ts';
import { readQuery, type Query } from './parameters.ts';
import type { RequestContext, RouteDefinition } from './route.ts';
import type { StreamLimit } from './stream-limit.ts';
import { openUpload, type Upload } from './upload.ts';

interface ContextParts {
  readonly route: RouteDefinition;
  readonly params: Readonly<Record<string, string>>;
  readonly actor: Actor;
  readonly json: () => Promise<Json>;
  readonly streams: StreamLimit;
}

/** What a route sees of a request. A class, because one is made for each request and its accessors are then made only once. */
export class HttpRequestContext implements RequestContext {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly actor: Actor;
  readonly json: () => Promise<Json>;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #streams: StreamLimit;
  #signal: AbortSignal | null = null;

  /** @throws {AppError} `INVALID_PARAMETER` when the query string is not what the route takes */
  constructor(request: IncomingMessage, response: ServerResponse, { route, params, actor, json, streams }: ContextParts) {
    this.params = params;
    this.query = readQuery(request.url ?? '', route.parameters);
    this.actor = actor;
    this.json = json;
    this.#request = request;
    this.#response = response;
    this.#streams = streams;
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

  upload(types: readonly string[]): Upload {
    return openUpload(this.#request, types);
  }

  beginStream(): void {
    // A client that has gone already will not close anything any more.
    if (this.#response.destroyed) return;
    const { principal, address } = this.actor;
    this.#response.once('close', this.#streams.begin(limitKeyOf(principal, address)));
  }
}

function signalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (response.destroyed && !response.writableFinished) controller.abort();
  // Aborting makes an error with a stack; an answer that went out whole has nobody left to tell.
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
