import { addCounts, countsLine, countsOf, leftOutSuites, type JestReport } from '../../../scripts/checks/counts.ts';

const report = (parts: Partial<JestReport>): JestReport => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  testResults: [],
  ...parts,
});

describe('the closing line of a run', () => {
  it('counts suites that do not load as failed, and pending and todo tests as skipped', () => {
    const counts = countsOf(report({ numPassedTests: 5, numFailedTests: 1, numRuntimeErrorTestSuites: 2, numPendingTests: 3, numTodoTests: 4 }));
    expect(countsLine(counts)).toBe('5 passed, 3 failed, 7 skipped');
  });

  it('adds the checks to the tests', () => {
    expect(addCounts({ passed: 5, failed: 0, skipped: 1 }, { passed: 3, failed: 1, skipped: 0 })).toEqual({ passed: 8, failed: 1, skipped: 1 });
  });

  it('names each suite that was left out once', () => {
    const left = { ancestorTitles: ['a registry [left out: peer docker-registry is missing]'] };
    const ran = { ancestorTitles: ['something else'] };
    expect(leftOutSuites(report({ testResults: [{ assertionResults: [left, left] }, { assertionResults: [ran] }] }))).toEqual([left.ancestorTitles[0]]);
  });
});
