import { createSchedule, type Entry, type Schedule } from '../../../src/store/sqlite/health/schedule.ts';
import { randomSource } from '../../support/random.ts';

const NOW = 1_000;

interface Row {
  readonly id: string;
  readonly dueAtMs: number | null;
  readonly staleAtMs: number | null;
  readonly version: number;
}

const rowOf = (schedule: Schedule, entry: Entry): Row => {
  const { dueAtMs, staleAtMs } = schedule.timesOf(entry);
  return { id: entry.id, dueAtMs, staleAtMs, version: entry.version };
};
const rowsOf = (schedule: Schedule): Row[] => schedule.all().map((entry) => rowOf(schedule, entry)).sort((a, b) => (a.id < b.id ? -1 : 1));

describe('the schedule in memory', () => {
  it('follows what is committed and what is undone, and always picks the most overdue that are free', () => {
    const random = randomSource(11);
    const schedule = createSchedule();
    let committed = new Map<string, Row>();
    let version = 0;
    for (let step = 0; step < 150; step++) {
      const pending = new Map(committed);
      for (let change = 0; change < 40; change++) {
        version += 1;
        const id = `r${random.int(2_500)}`;
        const times = { dueAtMs: random.chance(0.2) ? null : random.int(2 * NOW), staleAtMs: random.chance(0.2) ? null : random.int(2 * NOW), intervalMs: 7 };
        const entry = schedule.get({ id, vantage: 'here' });
        if (entry === undefined) schedule.add({ id, vantage: 'here' }, version, { version, ...times });
        else if (random.chance(0.2)) schedule.remove(entry);
        else schedule.move(entry, { version, ...times });
        if (entry !== undefined && schedule.get(entry) === undefined) pending.delete(id);
        else pending.set(id, { id, dueAtMs: times.dueAtMs, staleAtMs: times.staleAtMs, version });
      }
      if (random.chance(0.3)) schedule.undone();
      else {
        schedule.committed();
        committed = pending;
      }
      const someone = schedule.all()[random.int(schedule.all().length)];
      if (someone !== undefined && random.chance(0.7)) schedule.claim(someone, { token: 't', untilMs: random.int(2 * NOW), isTouched: false, isCompleting: false });
      else if (someone !== undefined) schedule.free(someone);

      expect(rowsOf(schedule)).toEqual([...committed.values()].sort((a, b) => (a.id < b.id ? -1 : 1)));
      expect(pickedTimes(schedule, 'dueAtMs')).toEqual(expectedTimes(schedule, 'dueAtMs'));
      expect(pickedTimes(schedule, 'staleAtMs')).toEqual(expectedTimes(schedule, 'staleAtMs'));
    }
    expect(schedule.all().length).toBeGreaterThan(1_024);
  });
});

const LIMIT = 20;

function pickedTimes(schedule: Schedule, time: 'dueAtMs' | 'staleAtMs'): (number | null)[] {
  const picked = time === 'dueAtMs' ? schedule.mostOverdue('here', NOW, LIMIT) : schedule.stalest(NOW, LIMIT);
  expect(picked.every((entry) => (entry.claim?.untilMs ?? 0) <= NOW)).toBe(true);
  return picked.map((entry) => schedule.timesOf(entry)[time]);
}

function expectedTimes(schedule: Schedule, time: 'dueAtMs' | 'staleAtMs'): number[] {
  const times = schedule.all().filter((entry) => (entry.claim?.untilMs ?? 0) <= NOW).map((entry) => schedule.timesOf(entry)[time]);
  return times.filter((timeMs) => timeMs !== null && timeMs <= NOW).map(Number).sort((a, b) => a - b).slice(0, LIMIT);
}
