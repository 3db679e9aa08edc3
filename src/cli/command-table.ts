import type { Command } from 'commander';
import type { CommandContext } from './context.ts';

type MakeCommand = (context: CommandContext) => Command;

/** As the help lists them. Each is loaded when it is needed: most calls are of one, and should not wait for the others. */
const COMMANDS: readonly (readonly [name: string, load: () => Promise<MakeCommand>])[] = [
  ['status', async () => (await import('./commands/status.ts')).statusCommand],
  ['check', async () => (await import('./commands/check.ts')).checkCommand],
  ['list', async () => (await import('./commands/list.ts')).listCommand],
  ['add', async () => (await import('./commands/add.ts')).addCommand],
  ['import', async () => (await import('./commands/import.ts')).importCommand],
  ['export', async () => (await import('./commands/export.ts')).exportCommand],
  ['update', async () => (await import('./commands/update.ts')).updateCommand],
  ['delete', async () => (await import('./commands/delete.ts')).deleteCommand],
  ['summary', async () => (await import('./commands/summary.ts')).summaryCommand],
  ['login', async () => (await import('./commands/login.ts')).loginCommand],
  ['logout', async () => (await import('./commands/logout.ts')).logoutCommand],
  ['whoami', async () => (await import('./commands/whoami.ts')).whoamiCommand],
  ['access', async () => (await import('./commands/access.ts')).accessCommand],
  ['credential', async () => (await import('./commands/credential.ts')).credentialCommand],
  ['pull-secret', async () => (await import('./commands/pull-secret.ts')).pullSecretCommand],
  ['user', async () => (await import('./commands/user.ts')).userCommand],
  ['token', async () => (await import('./commands/token.ts')).tokenCommand],
  ['audit', async () => (await import('./commands/audit.ts')).auditCommand],
  ['secrets', async () => (await import('./commands/secrets.ts')).secretsCommand],
  ['backup', async () => (await import('./commands/backup.ts')).backupCommand],
  ['restore', async () => (await import('./commands/restore.ts')).restoreCommand],
  ['migrate-store', async () => (await import('./commands/migrate-store.ts')).migrateStoreCommand],
  ['admin', async () => (await import('./commands/admin.ts')).adminCommand],
];

/**
 * The commands that a command line may be about: each whose name is among its words, because which word is an option's value is not known
 * yet. All of them where that is none, or where help comes first, which lists all.
 */
export async function commandsFor(args: readonly string[]): Promise<readonly MakeCommand[]> {
  const named = COMMANDS.filter(([name]) => args.includes(name));
  const isHelp = ['help', '-h', '--help'].includes(args[0] ?? '');
  return Promise.all((named.length === 0 || isHelp ? COMMANDS : named).map(([, load]) => load()));
}
