import { Command, InvalidArgumentError, Option } from 'commander';
import type { Client } from '../../client/client.ts';
import type { AuditItem, AuditQuery, AuditVerdict } from '../../client/types.ts';
import { parseCount, parseTime } from '../arguments.ts';
import { comparedWith, type AuditHead, type Comparison } from '../audit-head.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { exitCodes } from '../failure.ts';
import { AUDIT_COLUMNS, verdictLines } from '../render/audit.ts';
import { tableText } from '../render/table.ts';
import { jsonLine } from '../render/text.ts';
import { print } from '../stream-out.ts';
import { tableOptions } from '../terminal.ts';

type AuditFlags = GlobalOptions & AuditQuery & { readonly head?: AuditHead; readonly json?: true };

const LISTED = 100;

const HELP = `
Examples:
  portolan audit list --record edge-7
  portolan audit verify`;

/** `portolan audit`: who did what. */
export function auditCommand(context: CommandContext): Command {
  return new Command('audit')
    .summary('show and check the audit')
    .description('Shows who did what, when and from where, and checks that nothing was changed in it.')
    .addHelpText('after', HELP)
    .addCommand(listCommand(context))
    .addCommand(verifyCommand(context));
}

const LIST_HELP = `
The latest come first. Where several conditions are given, all must hold.

Examples:
  portolan audit list --user ann --from 2026-11-01
  portolan audit list --action session:login
  portolan audit list --record edge-7 --json > audit.ndjson`;

function listCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('list')
    .summary('list entries of the audit')
    .description('Lists entries of the audit.')
    .option('--user <name>', 'what this user did, also by tokens')
    .option('--record <id>', 'what was done to this record')
    .option('--action <action>', 'what was done: record:update, or all of a kind: record')
    .addOption(new Option('--from <time>', 'from this time on').argParser(parseTime))
    .addOption(new Option('--to <time>', 'before this time').argParser(parseTime))
    .addOption(new Option('--limit <number>', `at most so many (default: ${LISTED}; with --json all)`).argParser(parseCount))
    .option('--json', 'print JSON, one entry a line')
    .addHelpText('after', LIST_HELP)
    .action(async (_flags: unknown, command: Command) => {
      const { limit, json, ...flags } = command.optsWithGlobals<AuditFlags>();
      const client = context.connect(command);
      const query = conditionsOf(flags);
      if (json === true) return print(jsonLines(client.audit(limit === undefined ? query : { ...query, limit })), terminal);
      const entries: AuditItem[] = [];
      for await (const entry of client.audit({ ...query, limit: limit ?? LISTED })) entries.push(entry);
      await terminal.out(tableText(AUDIT_COLUMNS, entries, tableOptions(terminal), 'No entry of the audit is like that.'));
    });
}

function conditionsOf({ user, record, action, from, to }: AuditQuery): AuditQuery {
  return {
    ...(user === undefined ? {} : { user }),
    ...(record === undefined ? {} : { record }),
    ...(action === undefined ? {} : { action }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

async function* jsonLines(entries: AsyncIterable<AuditItem>): AsyncIterable<string> {
  for await (const entry of entries) yield jsonLine(entry);
}

const VERIFY_HELP = `
Prints the head of the chain, as SEQ:HASH. Keep it elsewhere and give it to the
next check with --head, and an audit whose end was cut off shows, too. Ends with
1 if anything was changed or taken out.

Examples:
  portolan audit verify
  portolan audit verify --head "$(cat head)"
  portolan audit verify --json | jq -r '"\\(.head.seq):\\(.head.hash)"'`;

function verifyCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('verify')
    .summary('check that nothing was changed in the audit')
    .description('Has the service check the chain of all entries.')
    .addOption(new Option('--head <seq:hash>', 'what an earlier check printed').argParser(parseHead))
    .option('--json', 'print JSON')
    .addHelpText('after', VERIFY_HELP)
    .action(async (_flags: unknown, command: Command) => {
      const { head, json } = command.optsWithGlobals<AuditFlags>();
      const client = context.connect(command);
      const verdict = await client.verifyAudit();
      const comparison = head === undefined ? null : await compare(client, verdict, head);
      context.exitWith(verifyExitCode(verdict, comparison));
      const shown = comparison === null ? verdict : { ...verdict, compared: comparison };
      await terminal.out(json === true ? jsonLine(shown) : `${verdictLines(verdict, head, comparison, terminal.size()?.columns ?? null).join('\n')}\n`);
    });
}

function parseHead(text: string): AuditHead {
  const [, seq, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined) throw new InvalidArgumentError('It is what `portolan audit verify` prints: a number, a colon and a hash.');
  return { seq: Number(seq), hash };
}

/** The service's own word on the entry that was the head is looked up where that entry is not the head any more. */
async function compare(client: Client, verdict: AuditVerdict, given: AuditHead): Promise<Comparison> {
  const byVerdict = comparedWith(verdict, given, null);
  if (byVerdict !== 'look_up') return byVerdict;
  for await (const entry of client.audit()) {
    if (entry.seq <= given.seq) return comparedWith(verdict, given, entry) === 'kept' ? 'kept' : 'changed';
  }
  return 'changed';
}

function verifyExitCode({ ok }: AuditVerdict, comparison: Comparison | null): number {
  if (!ok || comparison === 'changed' || comparison === 'cut') return exitCodes.unhealthy;
  // That nothing is wrong cannot be said, either.
  return comparison === 'pruned' ? exitCodes.failed : exitCodes.healthy;
}
