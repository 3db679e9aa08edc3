/**
 * Latencies as one byte: steps of 5.4 percent from 0.1 ms to 60 s, so that a code is within 3 percent of what was
 * measured. Codes order as latencies do, so percentiles can be told from codes.
 */
const SHORTEST_MS = 0.1;
const LONGEST_MS = 60_000;
export const LATENCY_CODES = 256;

const STEP = Math.log(LONGEST_MS / SHORTEST_MS) / (LATENCY_CODES - 1);

/** Four digits: more would only look exact. */
const latencies = Float64Array.from({ length: LATENCY_CODES }, (_, code) => Number((SHORTEST_MS * Math.exp(code * STEP)).toPrecision(4)));

/** The nearest code; shorter and longer times get the first and the last. */
export function codeOfLatency(latencyMs: number): number {
  if (!(latencyMs > SHORTEST_MS)) return 0;
  return Math.min(LATENCY_CODES - 1, Math.round(Math.log(latencyMs / SHORTEST_MS) / STEP));
}

export const latencyOfCode = (code: number): number => latencies[code] ?? LONGEST_MS;
