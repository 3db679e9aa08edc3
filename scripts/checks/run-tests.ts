import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loopbackPrefix } from '../loopback.ts';
import { countsOf, leftOutSuites, type Counts, type JestReport } from './counts.ts';
import { runCommand } from './run-command.ts';

/** Runs the test suite; `args` go to jest. With CI=true the missing peers are got first, and one that cannot be had is a failure. */
export async function runTests(args: readonly string[]): Promise<Counts> {
  let peersFailed = 0;
  if (process.env['CI'] === 'true' && (await runCommand([process.execPath, 'scripts/peers.ts'])) !== 0) {
    console.error('Some peers could not be had (above); the suites that need them fail.');
    peersFailed = 1;
  }
  const workDir = await mkdtemp(join(tmpdir(), 'portolan-test-'));
  try {
    const counts = await runJest(args, join(workDir, 'report.json'));
    return { ...counts, failed: counts.failed + peersFailed };
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

async function runJest(args: readonly string[], reportFile: string): Promise<Counts> {
  const isolation = chooseIsolation();
  if (isolation.warning !== null) console.error(isolation.warning);
  const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', '--json', `--outputFile=${reportFile}`];
  const status = await runCommand([...isolation.prefix, process.execPath, ...jest, ...args], {
    PORTOLAN_TEST_NETNS: isolation.prefix.length > 0 ? 'loopback' : 'none',
  });
  const text = await readFile(reportFile, 'utf8').catch(() => null);
  if (text === null) {
    console.error(`jest ended with status ${status} and left no report.`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const report = JSON.parse(text) as JestReport;
  const counts = countsOf(report);
  sayWhatWasLeftOut(leftOutSuites(report));
  if (status === 0 || counts.failed > 0) return counts;
  console.error(`jest ended with status ${status} although no test failed; that counts as one failure.`);
  return { ...counts, failed: 1 };
}

function chooseIsolation(): { prefix: readonly string[]; warning: string | null } {
  const openNetwork = 'The tests run in this machine’s own network; they restrict themselves to loopback.';
  const mongoUrl = process.env['TEST_MONGO_URL'];
  if (mongoUrl !== undefined && mongoUrl !== '') return { prefix: [], warning: `TEST_MONGO_URL names a server outside. ${openNetwork}` };
  const prefix = loopbackPrefix();
  if (prefix !== null) return { prefix, warning: null };
  return { prefix: [], warning: `This machine allows no network namespace (unshare, ip). ${openNetwork}` };
}

function sayWhatWasLeftOut(suites: readonly string[]): void {
  if (suites.length === 0) return;
  const rule = '!'.repeat(78);
  const lines = suites.map((suite) => `  - ${suite}`);
  console.error(`\n${rule}\nLEFT OUT for want of a peer (get them with \`npm run peers\`):\n${lines.join('\n')}\n${rule}`);
}
