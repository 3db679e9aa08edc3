import { codeOfLatency, LATENCY_CODES, latencyOfCode } from '../../../../src/health/history/latency-code.ts';

describe('latency as one byte', () => {
  it('is within 3 percent from 0.1 ms to 60 s', () => {
    for (let latencyMs = 0.1; latencyMs < 60_000; latencyMs *= 1.013) {
      const code = codeOfLatency(latencyMs);
      expect(Number.isInteger(code) && code >= 0 && code < LATENCY_CODES).toBe(true);
      expect(Math.abs(latencyOfCode(code) / latencyMs - 1)).toBeLessThan(0.03);
    }
  });

  it('gives every code back, and orders codes as latencies', () => {
    for (let code = 0; code < LATENCY_CODES; code++) {
      expect(codeOfLatency(latencyOfCode(code))).toBe(code);
      if (code > 0) expect(latencyOfCode(code)).toBeGreaterThan(latencyOfCode(code - 1));
    }
  });

  it.each([[0, 0], [-5, 0], [Number.NaN, 0], [0.01, 0], [60_000, 255], [1e9, 255], [Number.POSITIVE_INFINITY, 255]])('takes %d ms for the code %i', (latencyMs, code) => {
    expect(codeOfLatency(latencyMs)).toBe(code);
  });
});
