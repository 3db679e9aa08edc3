import { limits } from '../../../../src/core/limits.ts';
import { createRecordListener } from '../../../../src/health/watching/touching.ts';
import { newRecord } from '../../../contract/store-fixture.ts';
import { until } from '../../../support/until.ts';
import { startBench, type WatchingBench } from '../../../support/watching.ts';

let bench: WatchingBench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.dispose());

const listenerOf = (vantage: string | null) => createRecordListener({ store: bench.health, clock: bench.clock, vantage, log: bench.log });

/** Writes a record, and waits until nothing more follows from it. */
async function write(listener: ReturnType<typeof listenerOf>, id: string): Promise<readonly string[]> {
  await bench.store.insert(newRecord(id));
  listener.onWritten(id);
  await new Promise((resume) => setTimeout(resume, 50));
  return (await bench.store.health.watchesOf([id])).map(({ vantage, dueAtMs }) => `${vantage} ${dueAtMs ?? 'never'}`);
}

describe('a record that was written', () => {
  it('is due at once in every vantage that was heard of lately', async () => {
    await bench.health.announce('silent', bench.clock.nowMs() - limits.vantageLiveMs - 1_000);
    await bench.health.announce('a', bench.clock.nowMs());
    await bench.health.announce('b', bench.clock.nowMs());
    expect(await write(listenerOf('a'), 'x')).toEqual(['a 0', 'b 0']);
    expect(await write(listenerOf(null), 'y')).toEqual(['a 0', 'b 0']);
  });

  it('before anybody was heard of is due where this process probes, and nowhere when it does not', async () => {
    expect(await write(listenerOf('here'), 'x')).toEqual(['here 0']);
    expect(await write(listenerOf(null), 'y')).toEqual([]);
  });

  it('is due in the first vantage as soon as that is heard of', async () => {
    const listener = listenerOf(null);
    expect(await write(listener, 'x')).toEqual([]);
    await bench.health.announce('edge', bench.clock.nowMs());
    expect(await write(listener, 'y')).toEqual(['edge 0']);
  });

  it('is written all the same while nobody can be told, which is told in the log', async () => {
    bench.isAway = true;
    const listener = listenerOf('here');
    listener.onWritten('x');
    listener.onDeleted('x');
    await until(() => bench.log.lines.length === 2);
    expect(bench.log.lines.map(({ level, fields }) => [level, fields?.['id']])).toEqual([
      ['warn', 'x'],
      ['warn', 'x'],
    ]);
  });

  it('and deleted later is forgotten', async () => {
    const listener = listenerOf('here');
    await write(listener, 'x');
    await bench.store.delete('x');
    listener.onDeleted('x');
    await until(async () => (await bench.store.health.watchesOf(['x'])).length === 0);
  });
});
