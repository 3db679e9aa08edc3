import type { ErrorCode } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { Principal } from '../core/principal.ts';
import type { Answer } from './answer.ts';
import type { Parameter, Query } from './parameters.ts';

/** What a principal does when it calls a route; policies will be written in these words. */
export type Action = 'record:create' | 'record:read' | 'record:update' | 'record:delete' | 'record:probe' | 'system:read';

export interface RequestContext {
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  /** Path and query as they came. */
  readonly url: string;
  readonly header: (name: string) => string | undefined;
  /** The body. @throws {AppError} as `readJsonBody` */
  json(): Promise<Json>;
  readonly principal: Principal;
  /** Aborts when the client has gone away. */
  readonly signal: AbortSignal;
}

interface DocumentedAnswer {
  readonly description: string;
  /** JSON Schema of `data` in the envelope; for other media types, of nothing. */
  readonly data?: object;
  readonly contentType?: string;
  /** Names of response headers. */
  readonly headers?: readonly string[];
}

interface DocumentedBody {
  readonly description: string;
  readonly schema: object;
  readonly examples: Readonly<Record<string, Json>>;
}

/** One call of the API. Routing, validation of parameters, OpenAPI and the documentation all follow from it. */
export interface RouteDefinition {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As in OpenAPI: `/container_registry/{id}`. */
  readonly path: string;
  readonly action: Action;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly Parameter[];
  readonly requestHeaders?: readonly Parameter[];
  readonly body?: DocumentedBody;
  readonly answers: Readonly<Record<number, DocumentedAnswer>>;
  /** Codes of this route besides those that any request can get. */
  readonly errors: readonly ErrorCode[];
  /** Whether answers may be large, so that compressing them pays. */
  readonly compressed?: boolean;
  /** Whether machines ask for it so often that plain requests are answered in front of Express. Only for reads. */
  readonly hot?: boolean;
  handle(context: RequestContext): Promise<Answer>;
}
