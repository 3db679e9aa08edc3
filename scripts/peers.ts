/** Gets the peers that tests need: `npm run peers [-- NAME...]`. See `--help`. */
import { parseArgs } from 'node:util';
import { buildPeer, isPeerThere, peerFolder } from './peers/cache.ts';
import { peers, type Peer } from './peers/table.ts';

const help = `Gets the programs that the tests run against into the user's cache; only what is missing.

  npm run peers                 all of them
  npm run peers -- NAME...      only these
  npm run peers -- --check      fetch nothing, say what is there; status 1 when something is missing
  npm run peers -- --json       one JSON array on standard output, progress on standard error

Exit status: 0 everything is there, 1 something could not be had (or is missing, with --check), 2 wrong usage.

Peers:
${peers.map((peer) => `  ${peer.name.padEnd(20)}${peer.version.padEnd(18)}about ${peer.seconds} s  ${peer.goodFor}`).join('\n')}
`;

interface Outcome {
  readonly name: string;
  readonly version: string;
  readonly path: string;
  readonly status: 'there' | 'built' | 'missing' | 'failed';
  readonly error?: string;
}

async function getPeer(peer: Peer, checkOnly: boolean): Promise<Outcome> {
  const facts = { name: peer.name, version: peer.version, path: peerFolder(peer) };
  if (isPeerThere(peer)) return { ...facts, status: 'there' };
  if (checkOnly) return { ...facts, status: 'missing' };
  console.error(`${peer.name} ${peer.version}: building, about ${peer.seconds} s …`);
  const startMs = performance.now();
  try {
    await buildPeer(peer);
    console.error(`${peer.name}: done after ${Math.round((performance.now() - startMs) / 1000)} s`);
    return { ...facts, status: 'built' };
  } catch (error) {
    return { ...facts, status: 'failed', error: error instanceof Error ? error.message : String(error) };
  }
}

function fail(message: string): never {
  console.error(`${message}\nSee \`npm run peers -- --help\`.`);
  process.exit(2);
}

function readArguments(): { names: readonly string[]; json: boolean; checkOnly: boolean; helpOnly: boolean } {
  try {
    const options = { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' }, check: { type: 'boolean' } } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    return { names: positionals, json: values.json ?? false, checkOnly: values.check ?? false, helpOnly: values.help ?? false };
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const { names, json, checkOnly, helpOnly } = readArguments();
if (helpOnly) {
  process.stdout.write(help);
  process.exit(0);
}
const unknown = names.filter((name) => !peers.some((peer) => peer.name === name));
if (unknown.length > 0) fail(`There is no peer called ${unknown.join(', ')}.`);

const outcomes: Outcome[] = [];
for (const peer of peers) {
  if (names.length === 0 || names.includes(peer.name)) outcomes.push(await getPeer(peer, checkOnly));
}
if (json) console.log(JSON.stringify(outcomes, null, 2));
else for (const outcome of outcomes) console.log(`${outcome.status.padEnd(8)}${outcome.name} ${outcome.version}  ${outcome.path}`);
for (const outcome of outcomes) {
  if (outcome.error !== undefined) console.error(`\n${outcome.name} ${outcome.version} could not be had. ${outcome.error}`);
}
if (outcomes.some((outcome) => outcome.status === 'failed' || outcome.status === 'missing')) process.exitCode = 1;
