import { appendResult } from '../src/health/history/tail.ts';
import { timeline } from '../src/health/history/timeline.ts';
import { addHours, uptimes } from '../src/health/history/totals.ts';
import { randomSource } from '../test/support/random.ts';
import { atMost, shown, type Line } from './harness/line.ts';
import { median } from './harness/statistics.ts';
import type { Bench } from './harness/workspace.ts';
import { DAY_MS, DAYS, DAYS_OF_RESULTS, HOUR_MS, INTERVAL_MS, lifeOf, resultAt, type Life } from './lives.ts';
import { storedHistoryLines } from './stored-history.ts';

const SEED = 20_260_102;
const REGISTRIES = 10_000;
const ROUNDS = 15;
const START_MS = Date.UTC(2026, 0, 1);
const NOW_MS = START_MS + DAYS * DAY_MS - 20 * 60_000;

export const history: Bench = {
  name: 'history',
  about: 'bytes of a result in packed history and on disk, and the time that it takes to add to it and to tell it',
  async run(workspace) {
    const usual = lifeOf({ random: randomSource(SEED), trouble: 0.002, nowMs: NOW_MS });
    const troubled = lifeOf({ random: randomSource(SEED), trouble: 0.2, nowMs: NOW_MS });
    return [
      bytesLine('steady', usual),
      bytesLine('in trouble a fifth of the time', troubled),
      ...timelineLines(troubled),
      summaryLine(usual, troubled),
      appendLine(),
      ...(await storedHistoryLines(workspace)),
    ];
  },
};

function bytesLine(kind: string, { bytes, results }: Life): Line {
  const value = bytes / results;
  return { figure: `packed history of a registry, ${kind}: bytes of a result`, measured: `${shown(value)} bytes, figures of hours included`, floor: '-', value, unit: 'bytes', bar: atMost(4.5) };
}

function timelineLines(life: Life): Line[] {
  const toMs = START_MS + DAYS * DAY_MS;
  const steps = [
    { name: `${DAYS} days by the hour, from figures`, query: { fromMs: START_MS, toMs, stepMs: HOUR_MS }, past: { ...life, hours: [] } },
    { name: `${DAYS_OF_RESULTS} days by ten minutes, from results`, query: { fromMs: toMs - DAYS_OF_RESULTS * DAY_MS, toMs, stepMs: 600_000 }, past: { ...life, days: [] } },
    { name: `${DAYS} days in steps of 40 minutes, from both`, query: { fromMs: START_MS, toMs, stepMs: 2_400_000 }, past: life },
  ];
  return steps.map(({ name, query, past }) => absoluteLine(`history of a registry: ${name}`, timed(() => timeline(query, past, life.nowMs)), 10));
}

/** One registry in ten is in trouble. */
function summaryLine(usual: Life, troubled: Life): Line {
  const ms = timed(() => {
    for (let registry = 0; registry < REGISTRIES; registry++) {
      const { totals, tail, nowMs } = registry % 10 === 0 ? troubled : usual;
      uptimes(totals, tail, nowMs);
    }
  });
  return absoluteLine(`uptimes of ${REGISTRIES} registries, ${usual.totals.length} to ${troubled.totals.length} bytes of sums each`, ms, 60);
}

function appendLine(): Line {
  const random = randomSource(SEED);
  const results = Array.from({ length: REGISTRIES }, (_, index) => resultAt(START_MS + index * INTERVAL_MS, random, 0.2));
  const ms = timed(() => {
    let tail: Uint8Array = new Uint8Array(0);
    let totals: Uint8Array = new Uint8Array(0);
    for (const result of results) {
      const grown = appendResult(tail, result);
      totals = addHours(totals, grown.closed);
      ({ tail } = grown);
    }
  });
  return absoluteLine(`${REGISTRIES} results added, hours closed`, ms, 60);
}

function timed(work: () => unknown): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const startMs = performance.now();
    work();
    return performance.now() - startMs;
  });
  return median(rounds);
}

const absoluteLine = (figure: string, ms: number, barMs: number): Line => ({ figure, measured: `${shown(ms)} ms`, floor: '-', value: ms, unit: 'ms', bar: atMost(barMs) });
