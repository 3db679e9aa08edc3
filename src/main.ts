#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { parseArgs } from 'node:util';

// Before anything of ours is loaded: the second start finds everything compiled (and stripped of its types) already.
enableCompileCache();

const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

const HELP = `portolan-server ${version}: one catalog of every OCI registry

Usage: portolan-server [--help | --version | --check-health]

--check-health asks the service that runs with the same settings on this machine whether it is alive; status 1 when it is not.

It is set up by environment variables, or by a file of NAME=value lines that CONFIG_FILE names:
`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' }, 'check-health': { type: 'boolean' } } });
  if (values.version === true) return void process.stdout.write(`${version}\n`);
  if (values.help === true) {
    const { settings } = await import('./config/settings.ts');
    const lines = Object.values(settings).map(({ variable, defaultText, description }) => `  ${variable.padEnd(22)} ${description} [${defaultText}]`);
    return void process.stdout.write(`${HELP}\n${lines.join('\n')}\n\nExample: PORT=8080 DATA_DIR=/var/lib/portolan portolan-server\n`);
  }
  const { loadConfig } = await import('./config/load.ts');
  const config = loadConfig(process.env);
  if (values['check-health'] === true) {
    const { checkHealth, localUrl } = await import('./check-health.ts');
    return checkHealth(localUrl(config.tlsCertFile === '' ? 'http' : 'https', config.host, config.port));
  }
  const { createApp } = await import('./app.ts');
  const starting = createApp(config, version);
  // Before it listens: whoever sees it listen may stop it at once.
  stopOnSignals(async () => (await starting).stop());
  const app = await starting;
  void app.unfit.then(async (error) => {
    await app.stop();
    fail(error);
  });
}

/** The first signal asks for an orderly end, the second is taken at its word. */
function stopOnSignals(stop: () => Promise<void>): void {
  let stopping = false;
  const onSignal = (): void => {
    if (stopping) process.exit(130);
    stopping = true;
    void stop().then(() => process.exit(0), fail);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** What the operator can mend is one sentence; anything else is a defect and comes with its stack. */
function fail(error: unknown): void {
  process.stderr.write(`portolan: ${reasonOf(error)}\n`);
  process.exit(1);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return `cannot go on: ${String(error)}`;
  if (error.name === 'StartError') return error.message;
  // Node appends advice about positional arguments, of which there are none here.
  if ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) return `${error.message.split('. ')[0] ?? ''}. See --help.`;
  return `cannot go on: ${error.stack ?? error.message}`;
}

main().catch(fail);
