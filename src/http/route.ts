import type { ErrorCode } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { Action, Actor } from '../core/principal.ts';
import type { Answer } from './answer.ts';
import type { Parameter, Query } from './parameters.ts';
import type { Upload } from './upload.ts';

export interface RequestContext {
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  /** Path and query as they came. */
  readonly url: string;
  readonly header: (name: string) => string | undefined;
  /** The body. @throws {AppError} as `readJsonBody` */
  readonly json: () => Promise<Json>;
  /** The body as it comes, of one of these media types and of any size. @throws {AppError} as `openUpload` */
  upload(types: readonly string[]): Upload;
  /** Who asks, and from where. */
  readonly actor: Actor;
  /** Aborts when the client has gone away. */
  readonly signal: AbortSignal;
  /**
   * To be called before an answer streams: counts it among those that the principal reads at once, until it has ended.
   * @throws {AppError} `TOO_MANY_STREAMS`
   */
  beginStream(): void;
}

interface DocumentedAnswer {
  readonly description: string;
  /** JSON Schema of `data` in the envelope; for other media types, of nothing. */
  readonly data?: object;
  readonly contentType?: string;
  /** A second media type that the caller may ask for, and what comes in it. */
  readonly alternative?: { readonly contentType: string; readonly description: string };
  /** Names of response headers. */
  readonly headers?: readonly string[];
}

interface DocumentedBody {
  readonly description: string;
  /** Media types besides JSON, and what comes in them. */
  readonly alternatives?: Readonly<Record<string, string>>;
  readonly schema: object;
  readonly examples: Readonly<Record<string, Json>>;
}

/** One call of the API. Routing, validation of parameters, OpenAPI and the documentation all follow from it. */
export interface RouteDefinition {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As in OpenAPI: `/container_registry/{id}`. */
  readonly path: string;
  /**
   * What whoever calls must be allowed to do. `anybody` may call, and is known if they say who they are; at what is `open` nobody is
   * asked, so that a token which has expired is in nobody's way.
   */
  readonly action: Action | 'anybody' | 'open';
  /** Another action that is enough: what one may do to one's own account, administrators may do to all. */
  readonly alsoBy?: Action;
  /** Takes or gives secrets, which must not travel in the clear. */
  readonly secret?: true;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  /** What the parameters in the path are, where they are not the record's id. */
  readonly pathParameters?: Readonly<Record<string, string>>;
  readonly parameters: readonly Parameter[];
  readonly requestHeaders?: readonly Parameter[];
  readonly body?: DocumentedBody;
  readonly answers: Readonly<Record<number, DocumentedAnswer>>;
  /** Codes of this route besides those that any request can get. */
  readonly errors: readonly ErrorCode[];
  /** Whether answers may be large, so that compressing them pays. */
  readonly compressed?: boolean;
  /** Works for longer, before it answers, than a connection may otherwise say nothing. */
  readonly slow?: true;
  /** Whether machines ask for it so often that plain requests are answered in front of Express. Only for reads. */
  readonly hot?: boolean;
  handle(context: RequestContext): Promise<Answer>;
}
