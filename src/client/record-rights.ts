import type { RecordAccess } from '../core/access.ts';
import type { JsonObject } from '../core/json.ts';
import type { Exchange } from './exchange.ts';
import { segmentOf } from './path-segment.ts';
import type { CredentialInput, PullSecretQuery, ShownCredential } from './types.ts';

/** Who may do what with one record, and what it takes to log in to its registry. */
export interface RecordRightsCalls {
  access(id: string): Promise<{ readonly access: RecordAccess; readonly etag: string | null }>;
  /** Changes what is given; another owner hands the record over. */
  setAccess(id: string, change: Partial<RecordAccess>, options?: { readonly ifMatch?: string | undefined }): Promise<RecordAccess>;
  /** Which credentials are kept; never what they are. */
  credentials(id: string): Promise<readonly ShownCredential[]>;
  setCredential(id: string, credential: CredentialInput): Promise<ShownCredential>;
  removeCredential(id: string, repositoryPrefix?: string): Promise<void>;
  /** What clients need to pull from the registry. It holds the credentials. */
  pullSecret(id: string, query?: PullSecretQuery): Promise<JsonObject>;
}

export function recordRightsCalls(exchange: Exchange): RecordRightsCalls {
  const pathOf = (id: string, rest: string): string => `/container_registry/${segmentOf(id)}/${rest}`;
  return {
    async access(id) {
      const { data, headers } = await exchange.data({ method: 'GET', path: pathOf(id, 'access') });
      return { access: data as RecordAccess, etag: headers.get('etag') };
    },
    async setAccess(id, change, { ifMatch } = {}) {
      return (await exchange.data({ method: 'PUT', path: pathOf(id, 'access'), body: change, ifMatch })).data as RecordAccess;
    },
    async credentials(id) {
      return (await exchange.data({ method: 'GET', path: pathOf(id, 'credentials') })).data as readonly ShownCredential[];
    },
    async setCredential(id, credential) {
      return (await exchange.data({ method: 'PUT', path: pathOf(id, 'credentials'), body: credential })).data as ShownCredential;
    },
    async removeCredential(id, repositoryPrefix) {
      await exchange.data({ method: 'DELETE', path: pathOf(id, 'credentials'), query: { repository_prefix: repositoryPrefix } });
    },
    async pullSecret(id, query = {}) {
      return exchange.document({ method: 'GET', path: pathOf(id, 'pull-secret'), query: { ...query } });
    },
  };
}
