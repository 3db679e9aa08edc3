import { limits } from '../../../src/core/limits.ts';
import { createProbeLog } from '../../../src/health/probe-log.ts';

describe('probe log', () => {
  it('notes what happened and when', () => {
    let nowMs = 0;
    const log = createProbeLog(() => nowMs);
    log.note('Resolving.');
    nowMs = 1.23456;
    log.note('Connecting.');
    expect(log.entries).toEqual([{ at_ms: 0, event: 'Resolving.' }, { at_ms: 1.235, event: 'Connecting.' }]);
  });

  it('is bounded, and one line for each event', () => {
    const log = createProbeLog(() => 0);
    for (let i = 0; i < 2 * limits.probeLogEntriesMax; i += 1) log.note(`a\r\nb${'c'.repeat(2 * limits.probeTextLengthMax)}`);
    expect(log.entries).toHaveLength(limits.probeLogEntriesMax);
    expect(log.entries[0]?.event).toMatch(/^a {2}bc+$/);
    expect(log.entries[0]?.event).toHaveLength(limits.probeTextLengthMax);
  });
});
