import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** What a figure is worth nothing without. */
export interface Circumstances {
  readonly machine: string;
  readonly node: string;
  readonly sqlite: string;
  readonly commit: string;
  /** Processes that wanted to run in the last minute, before the benches began: other people's work disturbs figures. */
  readonly loadBefore: number;
  readonly startedAt: string;
}

export function circumstances(root: string): Circumstances {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return {
    machine: `${availableParallelism()} cores of ${model}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}`,
    node: process.version,
    sqlite: process.versions.sqlite ?? 'unknown',
    commit: commitOf(root),
    loadBefore: loadavg()[0] ?? 0,
    startedAt: new Date().toISOString(),
  };
}

/** The commit, with a mark when the measured sources are not what it holds. */
function commitOf(root: string): string {
  const git = (...args: string[]): string => execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'bench', 'package-lock.json') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}`;
  } catch {
    return 'unknown';
  }
}
