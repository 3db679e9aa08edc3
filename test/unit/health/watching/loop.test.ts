import { setTimeout as pause } from 'node:timers/promises';
import { createLoop } from '../../../../src/health/watching/loop.ts';

function collectingLog(): { warn(message: string): void; messages: string[] } {
  const messages: string[] = [];
  return { messages, warn: (message) => void messages.push(message) };
}

describe('a loop', () => {
  it('takes one turn after the other, never two at once, until it is stopped', async () => {
    let turns = 0;
    let atOnce = 0;
    let most = 0;
    const loop = createLoop({
      name: 'testing',
      everyMs: 1,
      log: collectingLog(),
      async turn() {
        turns += 1;
        most = Math.max(most, ++atOnce);
        await pause(3);
        atOnce -= 1;
      },
    });
    loop.start();
    while (turns < 3) await pause(1);
    await loop.stop();
    const atEnd = turns;
    await pause(20);
    expect(most).toBe(1);
    expect(turns).toBe(atEnd);
    expect(atOnce).toBe(0);
  });

  it('goes on after turns that failed, and tells of them once', async () => {
    const log = collectingLog();
    let turns = 0;
    const loop = createLoop({
      name: 'testing',
      everyMs: 1,
      log,
      turn: () => {
        turns += 1;
        return turns < 4 ? Promise.reject(new Error('no')) : Promise.resolve();
      },
    });
    loop.start();
    while (turns < 6) await pause(1);
    await loop.stop();
    expect(log.messages).toEqual(['testing: failed, and is tried again', 'testing: goes on']);
  });

  it('tells a turn under way that it is to end', async () => {
    let wasAborted = false;
    const loop = createLoop({
      name: 'testing',
      everyMs: 1,
      log: collectingLog(),
      turn: (signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            wasAborted = true;
            resolve();
          });
        }),
    });
    loop.start();
    await loop.stop();
    expect(wasAborted).toBe(true);
  });
});
