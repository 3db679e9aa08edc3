import type { ClosedHour, HealthEvent, Store, WatchKey } from '../../src/store/health-port.ts';
import { addDue, addRecords, ALL_BYTES, bytes, HERE, NOW, report, THERE } from './health-fixture.ts';

const A: WatchKey = { id: 'a', vantage: HERE };
const DAY = 20_000;
const HOUR = DAY * 24;

const closed = (hour: number, results = bytes(hour % 256), figures = bytes(hour % 256)): ClosedHour => ({ hour, results, figures });
const eventAt = (atMs: number, rest: Partial<HealthEvent> = {}): HealthEvent => ({ atMs, from: 'up', to: 'down', cause: 'refused', evidence: '[{"cause":"refused"}]', ...rest });

/** Hours, days and events. */
export function describePast(open: () => Store): void {
  const hoursOf = async (key: WatchKey, from = 0, to = HOUR * 2): Promise<[number, number[]][]> => (await open().health.hours(key, from, to)).map(({ hour, results }) => [hour, [...results]]);
  const daysOf = async (key: WatchKey, from = 0, to = DAY * 2): Promise<[number, number[]][]> => (await open().health.days(key, from, to)).map(({ day, figures }) => [day, [...figures]]);
  const eventTimes = async (id: string, beforeMs = NOW * 2, limit = 100): Promise<number[]> => (await open().health.events(id, { beforeMs, limit })).map(({ atMs }) => atMs);
  const keep = (key: WatchKey, ...closedHours: ClosedHour[]): Promise<void> => report(open().health, key, { closedHours });

  it('keeps the results of hours that are over, and gives those of a range in order', async () => {
    await addDue(open(), { a: NOW, b: NOW });
    await keep(A, closed(HOUR, ALL_BYTES), closed(HOUR + 1, bytes()));
    await keep(A, closed(HOUR + 30, bytes(0, 0)));
    await keep({ id: 'b', vantage: HERE }, closed(HOUR, bytes(7)));
    expect(await hoursOf(A)).toEqual([[HOUR, [...ALL_BYTES]], [HOUR + 1, []], [HOUR + 30, [0, 0]]]);
    expect(await hoursOf(A, HOUR + 1, HOUR + 30)).toEqual([[HOUR + 1, []], [HOUR + 30, [0, 0]]]);
    expect(await hoursOf(A, HOUR + 1, HOUR + 29)).toEqual([[HOUR + 1, []]]);
    expect(await hoursOf(A, HOUR + 2, HOUR + 29)).toEqual([]);
    expect(await hoursOf(A, HOUR + 31)).toEqual([]);
    expect(await hoursOf({ id: 'a', vantage: THERE })).toEqual([]);
    expect(await hoursOf({ id: 'b', vantage: HERE })).toEqual([[HOUR, [7]]]);
  });

  it('appends the figures of each hour to those of its day', async () => {
    await addDue(open(), { a: NOW });
    await keep(A, closed(HOUR, bytes(1), ALL_BYTES), closed(HOUR + 23, bytes(1), bytes(0, 1)));
    await keep(A, closed(HOUR + 24, bytes(1), bytes(5)));
    await keep(A, closed(HOUR + 25, bytes(1), bytes(0)), closed(HOUR + 26, bytes(1), bytes(6)));
    expect(await daysOf(A)).toEqual([[DAY, [...ALL_BYTES, 0, 1]], [DAY + 1, [5, 0, 6]]]);
    expect(await daysOf(A, DAY + 1, DAY + 1)).toEqual([[DAY + 1, [5, 0, 6]]]);
    expect(await daysOf(A, DAY, DAY)).toHaveLength(1);
    expect(await daysOf(A, DAY + 2)).toEqual([]);
    expect(await daysOf({ id: 'a', vantage: THERE })).toEqual([]);
  });

  it('keeps changes of verdict from any vantage, and gives the latest first, page by page', async () => {
    await addRecords(open(), ['a', 'b']);
    await open().health.touch('a', [HERE, THERE]);
    await open().health.touch('b', [HERE]);
    for (const [index, vantage] of [HERE, THERE, HERE, HERE, THERE].entries()) await report(open().health, { id: 'a', vantage }, { event: eventAt(NOW + index) });
    await report(open().health, { id: 'b', vantage: HERE }, { event: eventAt(NOW + 9, { from: 'unknown', to: 'auth_failed', cause: 'credentials_rejected', evidence: '["é"]' }) });
    expect(await eventTimes('a')).toEqual([4, 3, 2, 1, 0].map((offset) => NOW + offset));
    expect(await eventTimes('a', NOW + 3, 2)).toEqual([NOW + 2, NOW + 1]);
    expect(await eventTimes('a', NOW)).toEqual([]);
    expect(await open().health.events('b', { beforeMs: NOW + 10, limit: 1 })).toEqual([
      { id: 'b', vantage: HERE, atMs: NOW + 9, from: 'unknown', to: 'auth_failed', cause: 'credentials_rejected', evidence: '["é"]' },
    ]);
    expect((await open().health.events('a', { beforeMs: NOW * 2, limit: 2 })).map(({ vantage }) => vantage)).toEqual([THERE, HERE]);
  });

  it('keeps both of two vantages’ changes at one time', async () => {
    await addRecords(open(), ['a']);
    await open().health.touch('a', [HERE, THERE]);
    for (const vantage of [HERE, THERE]) await report(open().health, { id: 'a', vantage }, { event: eventAt(NOW) });
    expect((await open().health.events('a', { beforeMs: NOW + 1, limit: 9 })).map(({ vantage }) => vantage).sort()).toEqual([HERE, THERE]);
  });

  it('prunes what is older, in steps of a bounded size, and nothing else', async () => {
    await addDue(open(), { a: NOW, b: NOW });
    const { health } = open();
    for (const id of ['a', 'b']) {
      await keep({ id, vantage: HERE }, ...Array.from({ length: 60 }, (_unused, hour) => closed(HOUR + hour)));
      for (let index = 0; index < 5; index++) await report(health, { id, vantage: HERE }, { event: eventAt(NOW + index) });
    }
    const before = { hour: HOUR + 50, day: DAY + 2, eventMs: NOW + 3 };
    const left = async (): Promise<number[]> => {
      const keys = ['a', 'b'].map((id) => ({ id, vantage: HERE }));
      const counts = await Promise.all(keys.map(async (key) => [(await hoursOf(key)).length, (await daysOf(key)).length, (await eventTimes(key.id)).length]));
      return [0, 1, 2].map((kind) => counts.reduce((sum, count) => sum + (count[kind] ?? 0), 0));
    };
    expect(await left()).toEqual([120, 6, 10]);
    expect(await health.prune(before, 3)).toBe(true);
    expect(await left()).toEqual([117, 3, 7]);
    let steps = 1;
    while ((await health.prune(before, 20)) && steps < 50) steps += 1;
    expect(steps).toBeGreaterThanOrEqual(5);
    expect(steps).toBeLessThanOrEqual(6);
    expect(await left()).toEqual([20, 2, 4]);
    expect((await hoursOf(A))[0]![0]).toBe(HOUR + 50);
    expect((await daysOf(A))[0]![0]).toBe(DAY + 2);
    expect((await eventTimes('a')).at(-1)).toBe(NOW + 3);
    expect(await health.prune(before, 20)).toBe(false);
  });

  it('forgets the past of a record from every vantage, and no other’s', async () => {
    await addRecords(open(), ['a', 'aa']);
    for (const id of ['a', 'aa']) {
      await open().health.touch(id, [HERE, THERE]);
      for (const vantage of [HERE, THERE]) {
        await report(open().health, { id, vantage }, { event: eventAt(NOW), closedHours: [closed(HOUR), closed(HOUR + 2), closed(HOUR + 100)] });
      }
    }
    await open().delete('a');
    await open().health.forget('a');
    for (const vantage of [HERE, THERE]) {
      expect([await hoursOf({ id: 'a', vantage }), await daysOf({ id: 'a', vantage })]).toEqual([[], []]);
      expect(await hoursOf({ id: 'aa', vantage })).toHaveLength(3);
      expect(await daysOf({ id: 'aa', vantage })).toHaveLength(2);
    }
    expect([await eventTimes('a'), await eventTimes('aa')]).toEqual([[], [NOW, NOW]]);
  });
}
