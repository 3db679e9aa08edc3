import { expectRefusal, refusalsOf, targetRecord, updateCodes } from '../support/refusals.ts';
import { call, newRecord } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

const builtIns = { Object, Array, Function, String, Number, Boolean };

/** Names on the built-in prototypes and constructors: whatever a request adds to them shows here. */
const builtInNames = (): Record<string, PropertyKey[]> =>
  Object.fromEntries(Object.entries(builtIns).flatMap(([name, type]) => [[name, Reflect.ownKeys(type)], [`${name}.prototype`, Reflect.ownKeys(type.prototype)]]));

const namesBefore = builtInNames();

let service: TestService;
beforeAll(async () => {
  service = await startService();
  expect((await call(service.url, 'POST', '/container_registry', { body: targetRecord })).status).toBe(201);
});
afterAll(() => service.stop());

const { find, refusesFilter, refusesRecord, refusesUpdate, stored } = refusalsOf(() => service.url);

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

describe('after all of that', () => {
  it('abuse 12-20: the service answers and the record is whole', async () => {
    expect((await call(service.url, 'GET', '/health')).status).toBe(200);
    expect((await stored()).count).toBe(1);
    expect(builtInNames()).toEqual(namesBefore);
    expect((await find('{"container_registry_metadata.owner":"ops"}')).body.data).toHaveLength(1);
  });
});
