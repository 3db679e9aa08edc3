import type { JsonObject } from '../../src/core/json.ts';
import type { Store } from '../../src/store/health-port.ts';
import { addDue, addRecords, claimAt, completionOf, HERE, iso, NOW, report, seen, taken, THERE } from './health-fixture.ts';
import { find, findIds, metaOf, recordOf } from './store-fixture.ts';

const LATER = NOW + 60_000;

/** What verdicts do to the records, and vantages that come and go. */
export function describeVerdicts(open: () => Store): void {
  const found = (filter: JsonObject): Promise<string[]> => findIds(open(), filter);

  it('tells a verdict in the record’s health, where it can be searched for, and leaves the record’s revision alone', async () => {
    await addDue(open(), { a: NOW, b: NOW, c: NOW });
    const before = await open().get('a');
    expect(await found({ 'health.status': 'unknown', 'health.cause': 'never_probed' })).toEqual(['a', 'b', 'c']);
    await report(open().health, { id: 'a', vantage: HERE }, { verdict: seen('up') });
    await report(open().health, { id: 'b', vantage: HERE }, { verdict: seen('down') });
    const after = await open().get('a');
    expect(after).toEqual({ ...before, health: { status: 'up', cause: 'ok', since: iso(NOW), vantages: { [HERE]: seen('up') } } });
    expect((await find(open(), { 'health.status': 'up' }))[0]).toEqual(after);
    expect(await found({ 'health.cause': 'refused' })).toEqual(['b']);
    expect(await found({ 'health.vantages.default.status': 'up' })).toEqual(['a']);
    expect(await found({ 'health.vantages.default.status': { $in: ['up', 'down'] } })).toEqual(['a', 'b']);
    expect(await found({ 'health.status': 'unknown' })).toEqual(['c']);
    expect(await found({ 'health.since': { $gte: iso(NOW) }, 'health.status': { $ne: 'down' } })).toContain('a');
    await report(open().health, { id: 'a', vantage: HERE }, { verdict: seen('degraded', 'slow', LATER) });
    expect(await found({ 'health.status': 'up' })).toEqual([]);
    expect(await found({ 'health.status': 'degraded', 'health.cause': 'slow', 'health.vantages.default.since': iso(LATER) })).toEqual(['a']);
  });

  it('leaves the record as it is when the verdict did not change', async () => {
    await addDue(open(), { a: NOW });
    await report(open().health, { id: 'a', vantage: HERE }, { verdict: seen('up') });
    const before = await open().get('a');
    await report(open().health, { id: 'a', vantage: HERE }, { next: { state: 'new' } });
    expect(await open().get('a')).toEqual(before);
  });

  it('keeps the verdicts of vantages apart', async () => {
    await addRecords(open(), ['a']);
    await open().health.touch('a', [HERE, THERE]);
    await report(open().health, { id: 'a', vantage: THERE }, { verdict: seen('down') });
    expect((await open().get('a'))!.health.status).toBe('down');
    await report(open().health, { id: 'a', vantage: HERE }, { verdict: seen('up', 'ok', LATER) });
    expect((await open().get('a'))!.health).toEqual({
      status: 'degraded',
      cause: 'vantages_differ',
      since: iso(LATER),
      vantages: { [HERE]: seen('up', 'ok', LATER), [THERE]: seen('down') },
    });
    expect(await found({ 'health.cause': 'vantages_differ', [`health.vantages.${THERE}.status`]: 'down' })).toEqual(['a']);
  });

  it('loses neither verdicts nor changes of a record when they come at once', async () => {
    const { health } = open();
    const ids = Array.from({ length: 16 }, (_unused, index) => `r${String(index).padStart(2, '0')}`);
    await addRecords(open(), ids);
    for (const id of ids) await health.touch(id, [HERE, THERE]);
    const [here, there] = [await claimAt(health, NOW, 100, HERE), await claimAt(health, NOW, 100, THERE)];
    const replaceAll = ids.map((id) =>
      open().replace({ record: recordOf(id, { container_registry_tags: ['new'] }), meta: metaOf({ revision: 2 }), expectedRevision: 1 }),
    );
    const outcomes = await Promise.all([
      health.complete(here.map((claim) => completionOf(claim, { verdict: seen('up') }))),
      ...replaceAll,
      health.complete(there.map((claim) => completionOf(claim, { verdict: seen('up') }))),
    ]);
    expect(outcomes.flat()).toEqual(Array.from({ length: 48 }, () => true));
    expect(await found({ 'health.vantages.default.status': 'up', 'health.vantages.edge.status': 'up', container_registry_tags: 'new', 'meta.revision': 2 })).toEqual(ids);
    expect(await found({ $or: [{ 'health.status': 'unknown' }, { 'meta.revision': 1 }] })).toEqual([]);
  });

  it('knows the vantages that announced themselves since a time, in order', async () => {
    const { health } = open();
    expect(await health.vantages(0)).toEqual([]);
    await health.announce(THERE, NOW);
    await health.announce(HERE, NOW + 5);
    await health.announce('a', NOW - 5);
    expect(await health.vantages(0)).toEqual(['a', HERE, THERE]);
    expect(await health.vantages(NOW)).toEqual([HERE, THERE]);
    await health.announce(THERE, NOW + 9);
    expect(await health.vantages(NOW + 9)).toEqual([THERE]);
    expect(await health.vantages(NOW + 10)).toEqual([]);
  });

  it('drops vantages that nobody probes from any more, in steps, and records no longer speak of them', async () => {
    const { health } = open();
    const ids = ['a', 'b', 'c', 'd', 'e'];
    await addRecords(open(), ids);
    await health.announce(HERE, LATER);
    await health.announce(THERE, NOW);
    for (const id of ids) await health.touch(id, [HERE, THERE]);
    for (const id of ids.slice(0, 4)) await report(health, { id, vantage: THERE }, { verdict: seen('down') });
    await report(health, { id: 'a', vantage: HERE }, { verdict: seen('up') });
    const before = await open().get('a');
    const claim = await taken(health, { id: 'e', vantage: THERE });
    let steps = 1;
    while ((await health.dropVantages(NOW + 1, LATER, 2)) && steps < 10) steps += 1;
    expect(steps).toBeGreaterThanOrEqual(3);
    expect(steps).toBeLessThanOrEqual(4);
    expect(await Promise.all(ids.map(async (id) => (await health.watchesOf([id])).map(({ vantage }) => vantage)))).toEqual(ids.map(() => [HERE]));
    expect(await health.complete([completionOf(claim, { verdict: seen('up') })])).toEqual([false]);
    expect(await open().get('a')).toEqual({ ...before, health: { status: 'up', cause: 'ok', since: iso(LATER), vantages: { [HERE]: seen('up') } } });
    expect((await open().get('b'))!.health).toEqual({ status: 'unknown', cause: 'never_probed', since: iso(LATER), vantages: {} });
    expect(await found({ 'health.status': 'down' })).toEqual([]);
    expect(await found({ [`health.vantages.${THERE}.status`]: { $exists: true } })).toEqual([]);
    expect(await health.vantages(0)).toEqual([HERE]);
    expect(await health.dropVantages(NOW + 1, LATER, 2)).toBe(false);
  });

  it('drops watches of a vantage that never announced itself', async () => {
    const { health } = open();
    await addRecords(open(), ['a']);
    await health.announce(HERE, NOW);
    await health.touch('a', [HERE, 'ghost']);
    expect(await health.dropVantages(NOW, NOW, 10)).toBe(false);
    expect((await health.watchesOf(['a'])).map(({ vantage }) => vantage)).toEqual([HERE]);
  });
}
