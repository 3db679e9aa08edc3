/** What a run of tests or checks came to. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The closing line of every run. */
export function countsLine(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}

export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The parts of jest's `--json` report that are read here. */
export interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly { readonly assertionResults: readonly { readonly ancestorTitles: readonly string[] }[] }[];
}

/** Jest counts a suite that does not even load as no failed test; here it is one. */
export function countsOf(report: JestReport): Counts {
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Titles of the suites that were left out for want of a peer, each once, as `describeWithPeer` marks them. */
export function leftOutSuites(report: JestReport): readonly string[] {
  const titles = report.testResults.flatMap((file) => file.assertionResults.flatMap((test) => test.ancestorTitles));
  return [...new Set(titles.filter((title) => title.includes('[left out: ')))].sort();
}
