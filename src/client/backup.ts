import { createHash } from 'node:crypto';
import { limits } from '../core/limits.ts';
import { ClientError } from './errors.ts';
import type { Exchange } from './exchange.ts';

/** A file on its way. */
export interface BackupDownload {
  readonly bytes: number;
  /** In base64. */
  readonly sha256: string;
  /** To be read once. Fails after its last chunk with `DIGEST_DIFFERS` when what came is not what was sent. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface BackupCalls {
  /** Has the service back up everything; resolves when the file is made, which takes minutes where there is much. */
  backup(): Promise<BackupDownload>;
}

const SQLITE_TYPE = 'application/vnd.sqlite3';

export function backupCalls(exchange: Exchange): BackupCalls {
  return {
    async backup() {
      const call = { method: 'POST', path: '/api/v1/backup' } as const;
      const { headers, chunks } = await exchange.download(call, { contentType: SQLITE_TYPE, headTimeoutMs: limits.backupPatienceMs });
      const bytes = Number(headers.get('content-length') ?? Number.NaN);
      const sha256 = /\bsha-256=:([\w+/=]+):/.exec(headers.get('repr-digest') ?? '')?.[1];
      if (Number.isNaN(bytes) || sha256 === undefined) throw new ClientError('NOT_PORTOLAN', 'The service’s answer to the backup does not say how long it is, and what its digest is.');
      return { bytes, sha256, chunks: checked(chunks, bytes, sha256) };
    },
  };
}

/** @see RFC 9530 */
async function* checked(chunks: AsyncIterable<Uint8Array>, bytes: number, sha256: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let received = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    received += chunk.length;
    yield chunk;
  }
  if (received === bytes && hash.digest('base64') === sha256) return;
  throw new ClientError('DIGEST_DIFFERS', `What arrived is not what the service sent: ${received} of ${bytes} bytes came, or some were changed on the way. Try again.`);
}
