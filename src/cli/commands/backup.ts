import { Buffer } from 'node:buffer';
import { Command } from 'commander';
import type { BackupDownload } from '../../client/backup.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { createProgress, type Progress } from '../progress.ts';
import { megabytesText } from '../render/quantities.ts';
import { jsonLine, safeLine } from '../render/text.ts';
import { makeWholeFile } from '../whole-file.ts';

interface BackupFlags extends GlobalOptions {
  readonly force?: true;
  readonly json?: true;
}

const HELP = `
The service goes on meanwhile. The file holds records, users, tokens,
credentials, history and audit, whatever store the service runs on; secrets in
it are sealed with the service's secret key, which is not in it. It is called
FILE.part until all of it is there and its digest has been checked. It needs the
permission backup:create.

Examples:
  portolan backup portolan-2026-11-21.db
  portolan backup --force /backups/latest.db`;

/** `portolan backup`: everything that the service keeps, in one file. */
export function backupCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('backup')
    .summary('back up everything into a file')
    .description('Has a running service back up everything, and keeps that in a file.')
    .argument('<file>', 'file to make')
    .option('--force', 'replace the file where there is one')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (path: string, _flags: unknown, command: Command) => {
      const { force, json } = command.optsWithGlobals<BackupFlags>();
      const client = context.connect(command);
      const progress = createProgress(terminal);
      const file = await makeWholeFile(path, force === true);
      try {
        progress.show('The service is making the backup …', null);
        const download = await client.backup();
        await file.fill(shown(download, progress));
        progress.clear();
        const made = { file: path, bytes: download.bytes, sha256: Buffer.from(download.sha256, 'base64').toString('hex') };
        await terminal.out(json === true ? jsonLine(made) : `Everything is backed up in ${safeLine(path)}: ${megabytesText(made.bytes)}, SHA-256 ${made.sha256}.\nKeep the secret key, too, and elsewhere: what is sealed opens with nothing else.\n`);
      } catch (error) {
        progress.clear();
        await file.discard();
        throw error;
      }
    });
}

async function* shown({ chunks, bytes }: BackupDownload, progress: Progress): AsyncGenerator<Uint8Array> {
  let received = 0;
  for await (const chunk of chunks) {
    yield chunk;
    received += chunk.length;
    progress.show(`${megabytesText(received)} of ${megabytesText(bytes)}`, received / bytes);
  }
}
