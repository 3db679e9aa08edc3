import { auditEntryOf } from '../core/audit.ts';
import type { Actor } from '../core/principal.ts';
import { COPY_PARTS } from '../store/copy-port.ts';
import type { Audit } from '../telemetry/audit.ts';
import { makeBackup, type Backup, type BackupParts } from './backup.ts';

interface AuditedBackupsOptions extends BackupParts {
  readonly audit: Pick<Audit, 'record'>;
}

/**
 * Makes backups in somebody's name. Nobody gets one that is not on record: it holds everything.
 * @returns a function that fails as the store does
 */
export function createAuditedBackups({ audit, ...parts }: AuditedBackupsOptions): (actor: Actor) => Promise<Backup> {
  return async (actor) => {
    const backup = await makeBackup(parts);
    try {
      const changes = COPY_PARTS.map((part) => ({ path: part, after: backup.manifest.parts[part].rows }));
      await audit.record(auditEntryOf(actor, new Date(parts.clock.nowMs()).toISOString(), { action: 'backup:create', changes }));
      return backup;
    } catch (error) {
      await backup.remove();
      throw error;
    }
  };
}
