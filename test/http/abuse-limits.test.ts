import { expectRefusal, refusalsOf, targetRecord } from '../support/refusals.ts';
import { call, newRecord } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
  expect((await call(service.url, 'POST', '/container_registry', { body: targetRecord })).status).toBe(201);
});
afterAll(() => service.stop());

const { create, find, refusesFilter, refusesRecord, refusesUpdate, stored, update } = refusalsOf(() => service.url);

const limitCodes = ['LIMIT_EXCEEDED', 'INVALID_FILTER', 'INVALID_UPDATE', 'INVALID_RECORD', 'BODY_TOO_LARGE', 'RECORD_TOO_LARGE'];

describe('abuse 17: size', () => {
  const many = (count: number): number[] => Array.from({ length: count }, (_unused, n) => n);
  const nested = (open: string, close: string, depth: number, inner = '1'): string => `${open.repeat(depth)}${inner}${close.repeat(depth)}`;
  /** Fast enough for a machine that does other things, too; without a limit each of these takes far longer, or the stack. */
  const soonMs = 3_000;

  async function soon(work: () => Promise<void>): Promise<void> {
    const startedMs = performance.now();
    await work();
    expect(performance.now() - startedMs).toBeLessThan(soonMs);
    expect((await call(service.url, 'GET', '/health')).status).toBe(200);
  }

  it.each<[string, () => string]>([
    ['$in of 100,000', () => JSON.stringify({ container_registry_tags: { $in: many(100_000) } })],
    ['$nin of 100,000', () => JSON.stringify({ container_registry_tags: { $nin: many(100_000) } })],
    ['$all of 100,000', () => JSON.stringify({ container_registry_tags: { $all: many(100_000) } })],
    ['$or of 1,000', () => JSON.stringify({ $or: many(1_000).map((n) => ({ container_registry_name: String(n) })) })],
    ['$or within $or, 1,000 in all', () => JSON.stringify({ $or: many(32).map(() => ({ $or: many(32).map((n) => ({ container_registry_name: String(n) })) })) })],
    ['10,000 keys', () => JSON.stringify(Object.fromEntries(many(10_000).map((n) => [`container_registry_metadata.k${n}`, n])))],
    ['$and to depth 1,000', () => nested('{"$and":[', ']}', 1_000, '{}')],
    ['$and to depth 100,000', () => nested('{"$and":[', ']}', 100_000, '{}')],
    ['$not to depth 1,000', () => `{"container_registry_name":${nested('{"$not":', '}', 1_000, '{"$eq":1}')}}`],
    ['a value of depth 1,000', () => `{"container_registry_metadata":${nested('{"a":', '}', 1_000)}}`],
    ['a value of depth 100,000', () => `{"container_registry_metadata":${nested('[', ']', 100_000)}}`],
    ['a path of 10,000 segments', () => JSON.stringify({ [`container_registry_metadata${'.a'.repeat(10_000)}`]: 1 })],
    ['a text of 500,000 characters', () => JSON.stringify({ container_registry_name: 'x'.repeat(500_000) })],
  ])('abuse 17: filter with %s', async (_what, make) => {
    await soon(() => refusesFilter(make(), limitCodes, [400, 413]));
  });

  it.each<[string, () => string]>([
    ['10,000 paths', () => JSON.stringify({ $set: Object.fromEntries(many(10_000).map((n) => [`container_registry_metadata.k${n}`, n])) })],
    ['10,000 keys in one object', () => JSON.stringify({ container_registry_metadata: Object.fromEntries(many(10_000).map((n) => [`k${n}`, n])) })],
    ['a value of depth 1,000', () => `{"$set":{"container_registry_metadata.a":${nested('{"a":', '}', 1_000)}}}`],
    ['a value of depth 100,000', () => `{"$set":{"container_registry_metadata.a":${nested('[', ']', 100_000)}}}`],
    ['fields of depth 100,000', () => `{"container_registry_metadata":${nested('[', ']', 100_000)}}`],
    ['$pull by a condition of depth 1,000', () => `{"$pull":{"container_registry_tags":${nested('{"$not":', '}', 1_000, '{"$eq":1}')}}}`],
    ['$pull of $in of 100,000', () => JSON.stringify({ $pull: { container_registry_tags: { $in: many(100_000) } } })],
    ['a path of 10,000 segments', () => JSON.stringify({ $set: { [`container_registry_metadata${'.a'.repeat(10_000)}`]: 1 } })],
  ])('abuse 17: update with %s', async (_what, make) => {
    await soon(() => refusesUpdate(make(), limitCodes, [400, 413]));
  });

  it.each<[string, () => string]>([
    ['metadata of depth 1,000', () => nested('{"a":', '}', 1_000)],
    ['metadata of depth 100,000', () => `{"a":${nested('[', ']', 100_000)}}`],
    ['metadata of 10,000 keys', () => JSON.stringify(Object.fromEntries(many(10_000).map((n) => [`k${n}`, n])))],
    ['metadata of 150,000 values', () => JSON.stringify({ a: many(150_000) })],
  ])('abuse 17: record with %s', async (_what, make) => {
    const raw = JSON.stringify(newRecord('large')).replace('{', `{"container_registry_metadata":${make()},`);
    await soon(() => refusesRecord(raw, limitCodes, [400, 413]));
  });

  it('abuse 17: 10,000 unknown fields and 100,000 tags of a record are listed only so far', async () => {
    const fields = Object.fromEntries(many(10_000).map((n) => [`field${n}`, n]));
    for (const more of [fields, { container_registry_tags: many(90_000) }]) {
      const reply = await create(JSON.stringify({ ...newRecord('large'), ...more }));
      expectRefusal(reply, ['INVALID_RECORD']);
      expect(reply.text.length).toBeLessThan(32 * 1024);
    }
  });

  it.each(['[', '{"a":', '[{"a":'])('abuse 17: text that opens %s 100,000 times and closes nothing', async (open) => {
    const raw = open.repeat(100_000);
    for (const reply of [await find(raw), await update(raw), await create(raw)]) expectRefusal(reply, ['INVALID_JSON', 'BODY_TOO_LARGE'], [400, 413]);
  });

  it('abuse 17: a body beyond its limit is 413 on every call that takes one', async () => {
    const raw = `{"container_registry_name":"${'x'.repeat(5 * 1024 * 1024)}"}`;
    for (const reply of [await find(raw), await update(raw), await create(raw)]) expectRefusal(reply, ['BODY_TOO_LARGE'], [413]);
  });
});

describe('abuse 22: growth', () => {
  it.each([
    { $set: { 'container_registry_tags.4294967290': 'x' } },
    { $set: { 'container_registry_tags.4294967295': 'x' } },
    { $set: { 'container_registry_tags.99999999999999999999': 'x' } },
    { $set: { 'container_registry_metadata.list.2000000': 1 } },
    { $push: { container_registry_tags: { $each: ['x'], $position: 4_294_967_290, $slice: 1e300 } } },
  ])('abuse 22: update %j takes no memory', async (input) => {
    const before = await stored();
    const reply = await update(JSON.stringify(input));
    // Inserting beyond the end appends, as in MongoDB; everything else is refused.
    if (reply.status !== 200) {
      expectRefusal(reply, ['INVALID_UPDATE', 'LIMIT_EXCEEDED', 'INVALID_RECORD']);
      expect(await stored()).toEqual(before);
    } else {
      expect((await stored()).text.length).toBeLessThan(before.text.length + 100);
    }
  });

  it.each(['$push', '$addToSet'])('abuse 22: %s of 100,000 elements', async (operator) => {
    const each = Array.from({ length: 100_000 }, (_unused, n) => n);
    await refusesUpdate({ [operator]: { 'container_registry_metadata.list': { $each: each } } }, ['LIMIT_EXCEEDED']);
  });

  it('abuse 22: a record stops growing at its limit, however small the steps', async () => {
    await call(service.url, 'POST', '/container_registry', { body: newRecord('growing', { container_registry_metadata: { list: [] } }) });
    const step = JSON.stringify({ $push: { 'container_registry_metadata.list': 'x'.repeat(300 * 1024) } });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push((await call(service.url, 'PUT', '/container_registry/growing', { raw: step })).status);
    expect(statuses).toEqual([200, 200, 200, 413, 413]);
    expect((await call(service.url, 'GET', '/container_registry/growing')).text.length).toBeLessThan(1024 * 1024 + 100);
    await call(service.url, 'DELETE', '/container_registry/growing');
  });
});

describe('after all of that', () => {
  it('abuse 17, 22: the service answers and the record is whole', async () => {
    expect((await call(service.url, 'GET', '/health')).status).toBe(200);
    expect((await stored()).count).toBe(1);
    expect((await find('{"container_registry_metadata.owner":"ops"}')).body.data).toHaveLength(1);
  });
});
