import { createReadStream } from 'node:fs';
import { AppError } from '../../core/errors.ts';
import type { Actor } from '../../core/principal.ts';
import type { Backup } from '../../operations/backup.ts';
import type { RouteDefinition } from '../route.ts';
import { storeWriteErrors } from './schemas.ts';

interface BackupRoutesOptions {
  /** Makes a backup in the name of an actor, and puts that on record. */
  readonly makeBackup: (actor: Actor) => Promise<Backup>;
}

const SQLITE_TYPE = 'application/vnd.sqlite3';

/** Each is a turn of the loop that requests wait for. */
const CHUNK_BYTES = 256 * 1024;

/** Making one takes disk, memory and a thread, so there is one at a time. */
export function backupRoutes({ makeBackup }: BackupRoutesOptions): RouteDefinition[] {
  let isUnderWay = false;
  return [
    {
      method: 'POST',
      path: '/api/v1/backup',
      action: 'backup:create',
      operationId: 'createBackup',
      summary: 'Back up everything',
      description:
        'A file of the embedded store with records, users, tokens, credentials (sealed), history and audit, whatever store the service runs on: `portolan restore` reads it. Of the embedded store it is one moment, while the service goes on.',
      secret: true,
      slow: true,
      parameters: [],
      answers: { 200: { description: 'The file.', contentType: SQLITE_TYPE, headers: ['Repr-Digest', 'Content-Length'] } },
      errors: ['BACKUP_UNDER_WAY', ...storeWriteErrors],
      async handle({ actor }) {
        if (isUnderWay) throw new AppError('BACKUP_UNDER_WAY', 'A backup is being made already. Wait until it is there.', { retryAfterS: 30 });
        isUnderWay = true;
        const backup = await makeBackup(actor).catch((error: unknown) => {
          isUnderWay = false;
          throw error;
        });
        // RFC 9530: what the file must be once it has arrived.
        const headers = { 'Content-Length': String(backup.bytes), 'Repr-Digest': `sha-256=:${backup.sha256}:` };
        return { status: 200, headers, contentType: SQLITE_TYPE, body: sent(backup, () => (isUnderWay = false)) };
      },
    },
  ];
}

async function* sent(backup: Backup, done: () => void): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(backup.file, { highWaterMark: CHUNK_BYTES })) yield chunk as Buffer;
  } finally {
    done();
    await backup.remove();
  }
}
