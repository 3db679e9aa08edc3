/** What every change must pass: the tests, then the checks that need no peer. `.ci/run` calls it after `npm ci`. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addCounts, countsLine, type Counts } from './checks/counts.ts';
import { runCommand } from './checks/run-command.ts';

// Peers that are missing are got, and are failures where they cannot be had.
process.env['CI'] = 'true';

const checks: readonly (readonly [string, readonly string[]])[] = [
  ['lint', ['npm', 'run', '--silent', 'lint']],
  ['typecheck', ['npm', 'run', '--silent', 'typecheck']],
  ['generated files', [process.execPath, 'scripts/generate.ts', '--check']],
  ['package', [process.execPath, 'scripts/check-package.ts']],
];

const durations: string[] = [];

async function timed<T>(name: string, work: () => Promise<T>, isGood: (result: T) => boolean): Promise<T> {
  console.log(`\n=== ${name}`);
  const startMs = performance.now();
  const result = await work();
  durations.push(`${isGood(result) ? 'ok    ' : 'FAILED'}  ${((performance.now() - startMs) / 1000).toFixed(1).padStart(7)} s  ${name}`);
  return result;
}

/** The README's own command; what it counted comes back in a file. One that leaves none has failed. */
async function runReadmeTests(): Promise<Counts> {
  const workDir = await mkdtemp(join(tmpdir(), 'portolan-ci-'));
  const countsFile = join(workDir, 'counts.json');
  const status = await runCommand(['npm', 'test'], { PORTOLAN_TEST_COUNTS: countsFile });
  const text = await readFile(countsFile, 'utf8').catch(() => null);
  await rm(workDir, { recursive: true, force: true });
  const counts = text === null ? { passed: 0, failed: 1, skipped: 0 } : (JSON.parse(text) as Counts);
  return status === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

let total: Counts = await timed('tests', runReadmeTests, ({ passed, failed }) => failed === 0 && passed > 0);
// A run without a single test proves nothing, however green.
if (total.passed === 0) total = addCounts(total, { passed: 0, failed: 1, skipped: 0 });
for (const [name, command] of checks) {
  const status = await timed(name, () => runCommand(command), (result) => result === 0);
  total = addCounts(total, { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 });
}
console.log(`\n${durations.join('\n')}`);
console.log(countsLine(total));
if (total.failed > 0) process.exitCode = 1;
