import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loopbackPrefix } from '../scripts/loopback.ts';
import { audit } from './audit.ts';
import { authentication } from './authentication.ts';
import { backup } from './backup.ts';
import { detection } from './detection.ts';
import { exporting } from './export.ts';
import { getById } from './get-by-id.ts';
import { holds, tableOf, type Line } from './harness/line.ts';
import { circumstances } from './harness/machine.ts';
import { Workspace, type Bench } from './harness/workspace.ts';
import { history } from './history.ts';
import { importing } from './import.ts';
import { insert } from './insert.ts';
import { probes } from './probes.ts';
import { queries } from './queries.ts';
import { regexScan } from './regex-scan.ts';
import { replicas } from './replicas.ts';
import { schedule } from './schedule.ts';
import { start } from './start.ts';
import { stream } from './stream.ts';
import { visibility } from './visibility.ts';

const benches: readonly Bench[] = [getById, authentication, queries, visibility, regexScan, stream, exporting, insert, importing, audit, start, probes, schedule, history, detection, replicas, backup];

const root = resolve(import.meta.dirname, '..');

const HELP = `Usage: npm run bench -- [NAME...] [--report] [--json]

Measures what the service costs against floors that are measured in the same run, in turn. Without names, everything.
Needs Linux. Leave the machine alone meanwhile.

  --list     names of the benches
  --json     the figures for machines
  --report   exit with 0 even when a bar is missed; otherwise that is 1
  --help     this text

Examples: npm run bench -- get-by-id queries
          npm run --silent bench -- --json > bench.json
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { list: { type: 'boolean' }, json: { type: 'boolean' }, report: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) return print(HELP);
  if (values.list === true) return print(`${benches.map(({ name, about }) => `${name.padEnd(12)} ${about}`).join('\n')}\n`);
  const chosen = choose(positionals);
  if (process.platform !== 'linux') throw new Error('The benches read /proc, which only Linux has.');
  const inside = reRunIsolated();
  if (inside !== null) return inside;

  const { lines, header } = await run(chosen);
  print(values.json === true ? `${JSON.stringify({ ...header, lines: lines.map((line) => ({ ...line, holds: holds(line) })) }, null, 2)}\n` : textOf(header, lines));
  return values.report === true || lines.every(holds) ? 0 : 1;
}

function print(text: string): 0 {
  process.stdout.write(text);
  return 0;
}

function choose(names: readonly string[]): readonly Bench[] {
  const unknown = names.filter((name) => !benches.some((bench) => bench.name === name));
  if (unknown.length > 0) throw new Error(`There is no bench ${unknown.join(', ')}. There are ${benches.map(({ name }) => name).join(', ')}.`);
  return names.length === 0 ? benches : benches.filter(({ name }) => names.includes(name));
}

/** Runs this program once more where there is only loopback, and tells its exit code; `null` when that is here. */
function reRunIsolated(): number | null {
  if (process.env['PORTOLAN_BENCH_INSIDE'] !== undefined) return null;
  const prefix = loopbackPrefix();
  if (prefix === null) {
    process.stderr.write('This machine allows no network namespace (unshare, ip). The benches use loopback only.\n');
    return null;
  }
  const [program = '', ...args] = [...prefix, process.execPath, ...process.argv.slice(1)];
  const { status } = spawnSync(program, args, { stdio: 'inherit', env: { ...process.env, PORTOLAN_BENCH_INSIDE: '1' } });
  return status ?? 1;
}

type Header = ReturnType<typeof circumstances>;

async function run(chosen: readonly Bench[]): Promise<{ header: Header; lines: Line[] }> {
  const header = circumstances(root);
  const workspace = await Workspace.create();
  const interrupted = (): void => void workspace.dispose().finally(() => process.exit(130));
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  const lines: Line[] = [];
  try {
    for (const bench of chosen) {
      workspace.say(`${bench.name}: ${bench.about}`);
      lines.push(...(await bench.run(workspace)));
      await workspace.stopAll();
    }
  } finally {
    await workspace.dispose();
  }
  return { header, lines };
}

function textOf({ machine, node, sqlite, commit, loadBefore, startedAt }: Header, lines: readonly Line[]): string {
  const missed = lines.filter((line) => !holds(line)).length;
  const verdict = missed === 0 ? `All ${lines.length} bars hold.` : `${missed} of ${lines.length} bars are missed.`;
  const about = `Commit ${commit}, Node ${node}, SQLite ${sqlite}, ${machine}; load before ${loadBefore.toFixed(2)}; ${startedAt}.`;
  return `${about}\n\n${tableOf(lines)}\n\n${verdict}\n`;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
