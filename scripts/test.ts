/** `npm test`: the whole suite. Arguments after `--` go to jest, for example `npm test -- -t abuse`. */
import { writeFile } from 'node:fs/promises';
import { countsLine } from './checks/counts.ts';
import { runTests } from './checks/run-tests.ts';

const counts = await runTests(process.argv.slice(2));
if (counts.passed + counts.failed === 0) console.error('No test ran.');
const countsFile = process.env['PORTOLAN_TEST_COUNTS'];
if (countsFile !== undefined) await writeFile(countsFile, JSON.stringify(counts));
console.log(countsLine(counts));
if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1;
