import type { Meaning } from './cause-numbers.ts';
import { availabilityOf, nothingCovered, type Coverage } from './coverage.ts';
import type { CodeCounts, HourFigures } from './figures.ts';
import { latencyOfCode } from './latency-code.ts';
import { TICK_MS } from './packed-hour.ts';

/** One step of a timeline, as the API gives it. The times in seconds add up to the step's length. */
export interface TimelineStep {
  /** ISO 8601 in UTC. */
  readonly from: string;
  readonly to: string;
  /** Share of the watched time, without maintenance, in which the registry could be used; null when there was no such time. */
  readonly availability: number | null;
  readonly up_s: number;
  readonly degraded_s: number;
  readonly auth_failed_s: number;
  readonly down_s: number;
  readonly unknown_s: number;
  readonly maintenance_s: number;
  readonly results: number;
  readonly failures: number;
  /** Of results that were no failures; null when there are none. */
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
}

/** Sums of floating-point shares may lie this much below what they should be. */
const ROUNDING_MS = 1e-6;

export class StepSum {
  readonly fromMs: number;
  readonly toMs: number;
  readonly #coverageMs: Coverage = nothingCovered();
  #results = 0;
  #failures = 0;
  /** Codes of good results and their weights, in turn. */
  readonly #codes: number[] = [];

  constructor(fromMs: number, toMs: number) {
    this.fromMs = fromMs;
    this.toMs = toMs;
  }

  addTime(part: keyof Coverage, lengthMs: number): void {
    this.#coverageMs[part] += lengthMs;
  }

  addResult(meaning: Meaning, latencyCode: number): void {
    this.#results++;
    if (meaning === 'failed') this.#failures++;
    if (meaning === 'good') this.#addLatency(latencyCode, 1);
  }

  /** Adds the part of an hour between two points of it, 0 to 1. */
  addFigures({ coverage, results, failures, good, latency }: HourFigures, from: number, to: number): void {
    const share = to - from;
    // Differences of rounded sums, so that the steps of an hour have as many results together as the hour.
    const between = (count: number): number => Math.round(count * to) - Math.round(count * from);
    for (const part of PARTS) this.addTime(part, coverage[part] * TICK_MS * share);
    this.#results += between(results);
    this.#failures += between(failures);
    if (latency === null) return;
    this.#addLatency(latency.p50, 0.5 * good * share);
    this.#addLatency(latency.p95, 0.45 * good * share);
    this.#addLatency(latency.p99, 0.05 * good * share);
  }

  #addLatency(code: number, weight: number): void {
    this.#codes.push(code, weight);
  }

  /** @param counts empty, and empty again afterwards */
  told(counts: CodeCounts): TimelineStep {
    const { up, degraded, authFailed, down, maintenance } = this.#coverageMs;
    const whole = (timeMs: number): number => Math.floor(timeMs + ROUNDING_MS);
    const known = whole(up) + whole(degraded) + whole(authFailed) + whole(down) + whole(maintenance);
    for (let index = 0; index < this.#codes.length; index += 2) counts.add(this.#codes[index] ?? 0, this.#codes[index + 1] ?? 0);
    const latency = counts.take();
    return {
      from: new Date(this.fromMs).toISOString(),
      to: new Date(this.toMs).toISOString(),
      availability: availabilityOf(this.#coverageMs),
      up_s: whole(up) / 1000,
      degraded_s: whole(degraded) / 1000,
      auth_failed_s: whole(authFailed) / 1000,
      down_s: whole(down) / 1000,
      unknown_s: (this.toMs - this.fromMs - known) / 1000,
      maintenance_s: whole(maintenance) / 1000,
      results: this.#results,
      failures: this.#failures,
      p50_ms: latency === null ? null : latencyOfCode(latency.p50),
      p95_ms: latency === null ? null : latencyOfCode(latency.p95),
      p99_ms: latency === null ? null : latencyOfCode(latency.p99),
    };
  }
}

const PARTS = ['up', 'degraded', 'authFailed', 'down', 'maintenance'] as const satisfies readonly (keyof Coverage)[];
