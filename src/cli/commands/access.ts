import { Command, InvalidArgumentError, Option } from 'commander';
import type { Client } from '../../client/client.ts';
import { ClientError } from '../../client/errors.ts';
import { VISIBILITIES, type RecordAccess, type Share, type Visibility } from '../../core/access.ts';
import { limits } from '../../core/limits.ts';
import { gather } from '../arguments.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { UsageError } from '../failure.ts';
import { factLines, type Fact } from '../render/facts.ts';
import { cellText, jsonLine } from '../render/text.ts';
import type { Terminal } from '../terminal.ts';

interface AccessFlags extends GlobalOptions {
  readonly visibility?: Visibility;
  readonly owner?: string;
  readonly share: readonly Share[];
  readonly unshare: readonly string[];
  readonly json?: true;
}

const HELP = `
Examples:
  portolan access show edge-7
  portolan access set edge-7 --visibility private --share group:ops=write`;

/** `portolan access`: who may do what with a record. */
export function accessCommand(context: CommandContext): Command {
  return new Command('access')
    .summary('show and set who may see and change a record')
    .description('Shows and sets who may see and change a record.')
    .addHelpText('after', HELP)
    .addCommand(showCommand(context))
    .addCommand(setCommand(context));
}

function showCommand(context: CommandContext): Command {
  return new Command('show')
    .summary('show who may see and change a record')
    .description('Shows the owner of a record, who sees it, and whom it is shared with.')
    .argument('<id>', 'the record')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  portolan access show edge-7')
    .action(async (id: string, _flags: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<AccessFlags>();
      const { access } = await context.connect(command).access(id);
      await showAccess(access, json === true, context.terminal);
    });
}

const SET_HELP = `
What is not named stays. A share is for a user or a group, and for one thing:
read it, pull (use its pull secret as well), or write (change it as well).

Examples:
  portolan access set edge-7 --visibility private
  portolan access set edge-7 --share user:bob=pull --unshare group:ops
  portolan access set edge-7 --owner ann`;

function setCommand(context: CommandContext): Command {
  return new Command('set')
    .summary('set who may see and change a record')
    .description('Sets who may see and change a record.')
    .argument('<id>', 'the record')
    .addOption(new Option('--visibility <word>', 'who sees it: everybody; all who have logged in; its owner and those it is shared with').choices(VISIBILITIES))
    .option('--owner <name>', 'hand it over to this user')
    .addOption(new Option('--share <with=may>', 'share it, such as group:ops=write; may be given several times').default([], 'none').argParser(gatherShare))
    .addOption(new Option('--unshare <with>', 'share it no longer, such as user:bob; may be given several times').default([], 'none').argParser(gather))
    .option('--json', 'print JSON')
    .addHelpText('after', SET_HELP)
    .action(async (id: string, _flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<AccessFlags>();
      await showAccess(await setAccess(context.connect(command), id, flags), flags.json === true, context.terminal);
    });
}

function gatherShare(text: string, before: readonly Share[]): readonly Share[] {
  const [, whom, may] = /^((?:user|group):[^=]+)=(read|pull|write)$/.exec(text) ?? [];
  if (whom === undefined || may === undefined) throw new InvalidArgumentError('It looks like user:bob=read, user:bob=pull or group:ops=write.');
  return [...before, { with: whom, may: may as Share['may'] }];
}

/** Shares are set as a whole, so those that stay are read first; and again, when somebody changed the record meanwhile. */
async function setAccess(client: Client, id: string, { visibility, owner, share, unshare }: AccessFlags): Promise<RecordAccess> {
  const change = { ...(visibility === undefined ? {} : { visibility }), ...(owner === undefined ? {} : { owner }) };
  if (share.length === 0 && unshare.length === 0) {
    if (Object.keys(change).length === 0) throw new UsageError('Nothing is to be changed: give --visibility, --owner, --share or --unshare.');
    return client.setAccess(id, change);
  }
  for (let attempts = 1; ; attempts += 1) {
    const { access, etag } = await client.access(id);
    try {
      return await client.setAccess(id, { ...change, shared_with: sharesAfter(access.shared_with, share, unshare) }, { ifMatch: etag ?? undefined });
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'REVISION_STALE' || attempts >= limits.clientRetriesMax) throw error;
    }
  }
}

/** One share for each user or group, the last one that was said. */
export function sharesAfter(shares: readonly Share[], added: readonly Share[], removed: readonly string[]): Share[] {
  const kept = shares.filter((share) => !removed.includes(share.with));
  return [...new Map([...kept, ...added].map((share) => [share.with, share])).values()];
}

async function showAccess({ owner, visibility, shared_with: shares }: RecordAccess, isJson: boolean, terminal: Terminal): Promise<void> {
  if (isJson) return terminal.out(jsonLine({ owner, visibility, shared_with: shares }));
  const facts: Fact[] = [
    ['owner', owner === null ? 'nobody: administrators look after it' : cellText(owner)],
    ['visibility', cellText(visibility)],
    ...(shares.length === 0 ? [['shared with', 'nobody'] as const] : shares.map((share, index) => [index === 0 ? 'shared with' : '', `${cellText(share.with)}, to ${cellText(share.may)}`] as const)),
  ];
  await terminal.out(`${factLines(facts, terminal.size()?.columns ?? null).join('\n')}\n`);
}
