import { setTimeout as delay } from 'node:timers/promises';
import { call, newRecord, type Reply } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

const builtIns = { Object, Array, Function, String, Number, Boolean };

/** Names on the built-in prototypes and constructors: whatever a request adds to them shows here. */
const builtInNames = (): Record<string, PropertyKey[]> =>
  Object.fromEntries(Object.entries(builtIns).flatMap(([name, type]) => [[name, Reflect.ownKeys(type)], [`${name}.prototype`, Reflect.ownKeys(type.prototype)]]));

const namesBefore = builtInNames();
let service: TestService;

const record = newRecord('target', {
  container_registry_metadata: { owner: 'ops', n: 1, long: `${'a'.repeat(50_000)}!`, list: [{ x: 1 }, { x: 2 }], deep: { a: { b: 1 } } },
  container_registry_tags: ['one', 'two'],
});

beforeAll(async () => {
  service = await startService();
  expect((await call(service.url, 'POST', '/container_registry', { body: record })).status).toBe(201);
});
afterAll(() => service.stop());

/** Every call that takes a filter; the ways of answering differ, so each must refuse. */
const listings = ['', '?limit=5', '?count=true&limit=1', '?sort=-container_registry_name', '?fields=container_registry_name&include=health,meta'];

const find = (raw: string, parameters = ''): Promise<Reply> => call(service.url, 'POST', `/container_registries${parameters}`, { raw });
const update = (raw: string): Promise<Reply> => call(service.url, 'PUT', '/container_registry/target', { raw });
const create = (raw: string): Promise<Reply> => call(service.url, 'POST', '/container_registry', { raw });
const stored = async (): Promise<{ text: string; etag: string | null; count: number }> => {
  const [read, all] = await Promise.all([call(service.url, 'GET', '/container_registry/target'), call(service.url, 'GET', '/container_registries')]);
  return { text: read.text, etag: read.headers.get('etag'), count: all.body.data.length };
};

const textOf = (input: unknown): string => (typeof input === 'string' ? input : JSON.stringify(input));

function expectRefusal(reply: Reply, codes: readonly string[], statuses: readonly number[] = [400]): void {
  expect(statuses).toContain(reply.status);
  expect(reply.body).toEqual({ success: false, error: expect.any(String), code: expect.any(String), details: expect.any(Array), request_id: expect.any(String) });
  expect(codes).toContain(reply.body.code);
}

/** The filter is refused by every listing, and no record comes back. */
async function refusesFilter(filter: unknown, codes: readonly string[], statuses?: readonly number[]): Promise<void> {
  for (const parameters of listings) {
    const reply = await find(textOf(filter), parameters);
    expectRefusal(reply, codes, statuses);
    expect(reply.text).not.toContain('registry target');
  }
}

/** The update is refused, and the record is byte for byte what it was. */
async function refusesUpdate(input: unknown, codes: readonly string[], statuses?: readonly number[]): Promise<void> {
  const before = await stored();
  expectRefusal(await update(textOf(input)), codes, statuses);
  expect(await stored()).toEqual(before);
}

async function refusesRecord(input: unknown, codes: readonly string[], statuses?: readonly number[]): Promise<void> {
  const before = await stored();
  expectRefusal(await create(textOf(input)), codes, statuses);
  expect(await stored()).toEqual(before);
}

const filterCodes = ['INVALID_FILTER', 'OPERATOR_NOT_ALLOWED'];
const updateCodes = ['INVALID_UPDATE', 'INVALID_FILTER', 'OPERATOR_NOT_ALLOWED', 'INVALID_RECORD', 'IMMUTABLE_FIELD'];
const limitCodes = ['LIMIT_EXCEEDED', 'INVALID_FILTER', 'INVALID_UPDATE', 'INVALID_RECORD', 'BODY_TOO_LARGE', 'RECORD_TOO_LARGE'];

describe('abuse 12: $where runs nowhere', () => {
  const where = { $where: 'sleep(10000) || true' };

  it.each([
    ['at the top', where],
    ['in $and', { $and: [where] }],
    ['in $or', { $or: [{ container_registry_name: 'x' }, where] }],
    ['in $nor', { $nor: [where] }],
    ['in $not', { container_registry_name: { $not: where } }],
    ['in $elemMatch', { container_registry_tags: { $elemMatch: where } }],
    ['in $elemMatch of objects', { 'container_registry_metadata.list': { $elemMatch: { x: 1, ...where } } }],
    ['in $all', { 'container_registry_metadata.list': { $all: [{ $elemMatch: where }] } }],
    ['below a field', { container_registry_name: where }],
  ])('abuse 12: filter with $where %s', async (_where, filter) => {
    await refusesFilter(filter, ['OPERATOR_NOT_ALLOWED']);
  });

  it.each([
    ['as an operator', where],
    ['in $pull', { $pull: { container_registry_tags: where } }],
    ['in $pull of objects', { $pull: { 'container_registry_metadata.list': { x: where } } }],
    ['in arrayFilters', { $set: { container_registry_name: 'x' }, arrayFilters: [where] }],
    ['as a value', { $set: { 'container_registry_metadata.x': where } }],
  ])('abuse 12: update with $where %s', async (_where, input) => {
    await refusesUpdate(input, updateCodes);
  });

  it('abuse 12: record with $where as a key', async () => {
    await refusesRecord({ ...newRecord('where'), container_registry_metadata: where }, ['INVALID_RECORD']);
  });
});

describe('abuse 13: operators that run code, need special indexes or mean nothing here', () => {
  it.each([
    ['$expr', { $expr: { $function: { body: 'function(){return true}', args: [], lang: 'js' } } }],
    ['$expr in $and', { $and: [{ $expr: { $gt: ['$a', 1] } }] }],
    ['$jsonSchema', { $jsonSchema: { required: ['x'] } }],
    ['$text', { $text: { $search: 'registry' } }],
    ['$near', { 'container_registry_metadata.at': { $near: [0, 0] } }],
    ['$geoWithin', { 'container_registry_metadata.at': { $geoWithin: { $center: [[0, 0], 1] } } }],
    ['$comment', { $comment: 'x' }],
    ['$comment below a field', { container_registry_name: { $eq: 'x', $comment: 'x' } }],
    ['$bitsAllSet', { 'container_registry_metadata.n': { $bitsAllSet: 1 } }],
    ['$rand', { $sampleRate: 0.5 }],
  ])('abuse 13: %s', async (name, filter) => {
    await refusesFilter(filter, ['OPERATOR_NOT_ALLOWED']);
    expect(name).toMatch(/^\$/);
  });
});

describe('abuse 14: an own __proto__ key is no empty filter', () => {
  it.each([
    '{"__proto__":{"x":1}}',
    '{"__proto__":null}',
    '{"__proto__":{"$where":"1"}}',
    '{"$and":[{"__proto__":{"x":1}}]}',
    '{"container_registry_metadata":{"__proto__":{"x":1}}}',
    '{"container_registry_tags":{"$elemMatch":{"__proto__":{"x":1}}}}',
    '{"container_registry_name":{"__proto__":{"$eq":"x"}}}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"\\u005f_proto__":{"x":1}}',
  ])('abuse 14: filter %s', async (raw) => {
    await refusesFilter(raw, ['INVALID_FILTER']);
  });

  it.each([
    '{"__proto__":{"container_registry_name":"x"}}',
    '{"$set":{"__proto__":{"x":1}}}',
    '{"$set":{"container_registry_metadata":{"__proto__":{"x":1}}}}',
    '{"$set":{"container_registry_metadata.a":[{"__proto__":{"x":1}}]}}',
    '{"container_registry_metadata":{"__proto__":{"x":1}}}',
    '{"$pull":{"container_registry_tags":{"__proto__":{"x":1}}}}',
    '{"$push":{"container_registry_metadata.list":{"$each":[{"__proto__":{"x":1}}]}}}',
    '{"__proto__":{"$set":{"container_registry_name":"x"}}}',
  ])('abuse 14: update %s', async (raw) => {
    await refusesUpdate(raw, updateCodes);
  });

  it.each(['"__proto__":{"x":1}', '"container_registry_metadata":{"__proto__":{"x":1}}', '"container_registry_storage_info":{"constructor":{"prototype":{"x":1}}}'])(
    'abuse 14: record with %s',
    async (member) => {
      await refusesRecord(JSON.stringify(newRecord('proto')).replace('{', `{${member},`), ['INVALID_RECORD']);
    },
  );
});

describe('abuse 15: paths into prototypes', () => {
  const paths = [
    'container_registry_name.constructor.prototype.x.y',
    'container_registry_tags.constructor.prototype.5',
    'container_registry_metadata.__proto__.b',
    'container_registry_metadata.a.constructor',
    'constructor.prototype.x',
    '__proto__.x',
  ];

  it.each(paths)('abuse 15: filter by %s', async (path) => {
    await refusesFilter({ [path]: 1 }, ['INVALID_FILTER']);
    await refusesFilter({ $or: [{ [path]: { $exists: true } }] }, ['INVALID_FILTER']);
  });

  it.each(paths)('abuse 15: sort and projection by %s', async (path) => {
    for (const parameter of [`sort=${path}`, `sort=-${path}`, `fields=${path}`]) {
      for (const reply of [await find('{}', `?${parameter}`), await call(service.url, 'GET', `/container_registries?${parameter}`)]) {
        expectRefusal(reply, ['INVALID_PARAMETER']);
      }
    }
  });

  it.each(paths)('abuse 15: update of %s', async (path) => {
    const target = 'container_registry_metadata.fresh';
    const updates = [
      { $set: { [path]: 1 } },
      { $inc: { [path]: 1 } },
      { $mul: { [path]: 1 } },
      { $min: { [path]: 1 } },
      { $max: { [path]: 1 } },
      { $push: { [path]: 1 } },
      { $addToSet: { [path]: 1 } },
      { $pull: { [path]: 1 } },
      { $pop: { [path]: 1 } },
      { $unset: { [path]: '' } },
      { $rename: { [path]: target } },
      { $rename: { 'container_registry_metadata.owner': path } },
      { [path]: 1 },
    ];
    for (const input of updates) await refusesUpdate(input, ['INVALID_UPDATE']);
  });

  it('abuse 15: no built-in object has anything new', () => {
    expect(('' as unknown as { x?: unknown }).x).toBeUndefined();
    expect(([] as unknown[])[5]).toBeUndefined();
    expect(({} as { x?: unknown; b?: unknown }).x).toBeUndefined();
    expect(builtInNames()).toEqual(namesBefore);
  });
});

describe('abuse 16: regular expressions', () => {
  it.each(['(a+)+$', '^(a|a)*$', '(a*)*b', '(?:a?){50}a{50}$'])('abuse 16: %s on 50,000 characters is answered soon', async (pattern) => {
    const startedMs = performance.now();
    const reply = await find(JSON.stringify({ 'container_registry_metadata.long': { $regex: pattern } }));
    expect([200, 400]).toContain(reply.status);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect((await call(service.url, 'GET', '/health')).status).toBe(200);
  });

  it('abuse 16: the classic of them is run, in linear time, and finds what it should', async () => {
    const matching = await find('{"container_registry_metadata.long":{"$regex":"^(a+)+!$"}}');
    expect(matching.body.data).toHaveLength(1);
    expect((await find('{"container_registry_metadata.long":{"$regex":"(a+)+$"}}')).body.data).toEqual([]);
  });

  it.each([
    ['a lookahead', '(?=a)a'],
    ['a lookbehind', '(?<=a)a'],
    ['a backreference', '(a)\\1'],
    ['10,000 characters', 'a'.repeat(10_000)],
    ['nested repetition that multiplies', '((a{100}){100}){100}'],
    ['an unclosed bracket', '[a'],
  ])('abuse 16: a pattern with %s is refused', async (_what, pattern) => {
    await refusesFilter({ container_registry_name: { $regex: pattern } }, ['INVALID_FILTER', 'LIMIT_EXCEEDED']);
    await refusesFilter({ $nor: [{ container_registry_tags: { $not: { $regex: pattern, $options: 'i' } } }] }, ['INVALID_FILTER', 'LIMIT_EXCEEDED']);
    await refusesUpdate({ $pull: { container_registry_tags: { $regex: pattern } } }, [...updateCodes, 'LIMIT_EXCEEDED']);
  });
});

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

describe('abuse 19: query strings', () => {
  it.each(['include[$ne]=meta', 'include=meta&include=health', 'include[__proto__]=1', '__proto__=1', 'constructor=1', 'include=%00', '$where=1'])(
    'abuse 19: ?%s is no operator on any call',
    async (parameters) => {
      const replies = [
        await call(service.url, 'GET', `/container_registry/target?${parameters}`),
        await find('{}', `?${parameters}`),
        await call(service.url, 'GET', `/container_registries?${parameters}`),
        await call(service.url, 'POST', `/container_registry?${parameters.replaceAll('include', 'verify')}`, { body: newRecord('never') }),
        await call(service.url, 'PUT', `/container_registry/target?${parameters}`, { body: {} }),
        await call(service.url, 'DELETE', `/container_registry/target?${parameters}`),
        await call(service.url, 'GET', `/check_container_health/target?${parameters}`),
      ];
      for (const reply of replies) expectRefusal(reply, ['INVALID_PARAMETER']);
      expect((await stored()).count).toBe(1);
    },
  );
});

describe('abuse 20: fields that are not the record’s', () => {
  it.each(['password_hash', 'x', '_id', 'meta_', 'Health', 'container_registry', 'container_registry_name '])('abuse 20: %s cannot be filtered, sorted or shown', async (field) => {
    await refusesFilter({ [field]: { $regex: '^a' } }, ['INVALID_FILTER']);
    for (const parameter of ['sort', 'fields']) expectRefusal(await find('{}', `?${parameter}=${encodeURIComponent(field)}`), ['INVALID_PARAMETER']);
  });

  it.each(['{"x":"$password_hash"}', '$container_registry_name', 'container_registry_name.$', 'container_registry_metadata.'])('abuse 20: the projection %s is refused', async (fields) => {
    expectRefusal(await find('{}', `?fields=${encodeURIComponent(fields)}`), ['INVALID_PARAMETER']);
  });
});

describe('abuse 21: fields that nobody may write', () => {
  it.each([
    { $rename: { 'container_registry_metadata.owner': '_id' } },
    { $rename: { container_registry_id: 'container_registry_metadata.id' } },
    { $rename: { container_registry_name: 'container_registry_id' } },
    { $rename: { 'container_registry_metadata.owner': 'meta.owner' } },
    { $set: { role: 'admin' } },
    { $set: { owner: 'me' } },
    { $set: { created_by: 'me' } },
    { $set: { version: 7 } },
    { $set: { _id: 'x' } },
    { $set: { 'meta.revision': 1 } },
    { $set: { 'health.status': 'up' } },
    { $unset: { meta: '' } },
    { $inc: { 'meta.revision': 1 } },
    { $set: { container_registry_id: 'other' } },
    { $unset: { container_registry_id: '' } },
    { meta: { revision: 9 } },
    { health: { status: 'up' } },
    { _id: 'x' },
  ])('abuse 21: update %j', async (input) => {
    await refusesUpdate(input, ['INVALID_UPDATE', 'IMMUTABLE_FIELD']);
  });

  it.each(['has_admin_role', 'role', 'owner', '_id', 'meta', 'health', 'revision'])('abuse 21: a record with %s', async (field) => {
    await refusesRecord({ ...newRecord('self'), [field]: true }, ['INVALID_RECORD']);
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

describe('abuse 23: wrong types', () => {
  it.each([
    { $inc: { container_registry_name: 1 } },
    { $inc: { 'container_registry_metadata.owner': 1 } },
    { $inc: { 'container_registry_metadata.n': 'x' } },
    { $mul: { 'container_registry_metadata.list': 2 } },
    { $inc: { 'container_registry_metadata.n': 1, 'container_registry_metadata.owner': 1 } },
    { $push: { container_registry_name: 'x' } },
    { $addToSet: { 'container_registry_metadata.n': 1 } },
    { $pull: { container_registry_name: 'x' } },
    { $pop: { 'container_registry_metadata.owner': 1 } },
    { $set: { 'container_registry_name.first': 'x' } },
    { $set: { 'container_registry_metadata.n.deeper': 1 } },
    { $set: { 'container_registry_tags.first': 'x' } },
    { $rename: { 'container_registry_metadata.owner': 'container_registry_metadata.n.x' } },
    { $set: { 'container_registry_metadata.deep': 1, 'container_registry_metadata.deep.a': 2 } },
    { $set: { 'container_registry_metadata.n': 5 }, $inc: { 'container_registry_metadata.n': 1 } },
    { $set: [] },
    { $set: 'x' },
    { $set: null },
    { $pop: { container_registry_tags: 'x' } },
    { $set: { container_registry_name: 5 } },
  ])('abuse 23: update %j changes nothing', async (input) => {
    await refusesUpdate(input, ['INVALID_UPDATE', 'INVALID_RECORD']);
  });
});

describe('abuse 24: pipelines and options', () => {
  it.each<[unknown]>([
    [[{ $set: { container_registry_name: 'x' } }]],
    [[]],
    [{ $set: { container_registry_name: 'x' }, upsert: true }],
    [{ upsert: true }],
    [{ $set: { container_registry_name: 'x' }, multi: true }],
    [{ $out: 'elsewhere' }],
    [{ $merge: { into: 'elsewhere' } }],
    [{ $replaceWith: {} }],
    [{ $setOnInsert: { container_registry_name: 'x' } }],
    [{ $currentDate: { container_registry_name: true } }],
    [{ $bit: { 'container_registry_metadata.n': { and: 1 } } }],
    [{ $set: { 'container_registry_tags.$[x]': 'x' } }],
    [{ $set: { 'container_registry_tags.$': 'x' } }],
  ])('abuse 24: update %j', async (input) => {
    await refusesUpdate(input, ['INVALID_UPDATE', 'OPERATOR_NOT_ALLOWED']);
  });

  it.each<[unknown]>([[[{ $match: {} }, { $out: 'elsewhere' }]], [{ $out: 'elsewhere' }], [{ $merge: { into: 'elsewhere' } }], [{ $lookup: {} }]])('abuse 24: filter %j', async (filter) => {
    await refusesFilter(filter, filterCodes);
  });

  it('abuse 24: a PUT on an id that is not there creates nothing', async () => {
    const reply = await call(service.url, 'PUT', '/container_registry/not-there', { body: { ...newRecord('not-there') } });
    expectRefusal(reply, ['RECORD_NOT_FOUND'], [404]);
    expect((await stored()).count).toBe(1);
  });
});

describe('abuse 25: values that drivers take for something else', () => {
  it.each([
    { _bsontype: 'Code', code: 'x' },
    { _bsontype: 'ObjectId', id: 'x' },
    { _bsontype: 'Long' },
    { $date: 'x' },
    { $oid: 'x' },
    { $numberLong: '99999999999999999999' },
    { $binary: { base64: '!', subType: '00' } },
    { $regularExpression: { pattern: '(', options: '' } },
    { $code: 'x', $scope: {} },
    { $minKey: 1 },
    { $ref: 'x', $id: 1 },
  ])('abuse 25: %j', async (value) => {
    await refusesFilter({ 'container_registry_metadata.a': value }, filterCodes);
    await refusesFilter({ 'container_registry_metadata.a': { $in: [value] } }, filterCodes);
    await refusesFilter(value, filterCodes);
    if ('_bsontype' in value) return;
    await refusesUpdate({ $set: { 'container_registry_metadata.a': value } }, updateCodes);
    await refusesUpdate({ container_registry_metadata: value }, updateCodes);
    await refusesRecord({ ...newRecord('bson'), container_registry_metadata: { a: value } }, ['INVALID_RECORD']);
  });

  it('abuse 25: _bsontype in a record is data like any other, or refused, but never a 500', async () => {
    const value = { _bsontype: 'Code', code: 'x' };
    const created = await create(JSON.stringify({ ...newRecord('bson'), container_registry_metadata: { value } }));
    if (created.status === 201) {
      expect((await call(service.url, 'GET', '/container_registry/bson')).body.data.container_registry_metadata).toEqual({ value });
      await call(service.url, 'DELETE', '/container_registry/bson');
    } else expectRefusal(created, ['INVALID_RECORD']);
  });
});

describe('after all of that', () => {
  it('abuse 12-25: the service answers, the record is whole and no built-in object is changed', async () => {
    await delay(50);
    expect((await call(service.url, 'GET', '/health')).status).toBe(200);
    expect((await stored()).count).toBe(1);
    expect((await find('{"container_registry_metadata.owner":"ops"}')).body.data).toHaveLength(1);
    expect(builtInNames()).toEqual(namesBefore);
  });
});
