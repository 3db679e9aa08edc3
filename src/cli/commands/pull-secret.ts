import { Command, Option } from 'commander';
import type { PullSecretQuery } from '../../client/types.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { jsonLine } from '../render/text.ts';

type PullSecretFlags = GlobalOptions & PullSecretQuery;

const HELP = `
It holds the credential, so write it where only those can read it who should
(umask 077). Every use is on record in the audit.

Examples:
  portolan pull-secret edge-7 > edge-7/config.json
  portolan pull-secret edge-7 --format kubernetes --namespace apps |
    kubectl apply -f -`;

/** `portolan pull-secret`: what clients need to pull from a registry. */
export function pullSecretCommand(context: CommandContext): Command {
  return new Command('pull-secret')
    .summary('print what clients need to pull from a registry')
    .description('Prints the kept credentials of a registry as JSON, for clients that pull from it.')
    .argument('<id>', 'the record of the registry')
    .addOption(new Option('--format <format>', 'a configuration of docker, or a manifest of a Secret').choices(['dockerconfigjson', 'kubernetes']).default('dockerconfigjson'))
    .option('--namespace <name>', 'namespace of the Secret')
    .option('--name <name>', 'name of the Secret')
    .addHelpText('after', HELP)
    .action(async (id: string, _flags: unknown, command: Command) => {
      const { format = 'dockerconfigjson', namespace, name } = command.optsWithGlobals<PullSecretFlags>();
      const secret = await context.connect(command).pullSecret(id, { format, ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) });
      await context.terminal.out(jsonLine(secret));
    });
}
