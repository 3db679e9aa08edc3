import { expectRefusal, filterCodes, refusalsOf, targetRecord, updateCodes } from '../support/refusals.ts';
import { call, newRecord } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
  expect((await call(service.url, 'POST', '/container_registry', { body: targetRecord })).status).toBe(201);
});
afterAll(() => service.stop());

const { create, find, refusesFilter, refusesRecord, refusesUpdate, stored } = refusalsOf(() => service.url);

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
  it('abuse 21-25: the service answers and the record is whole', async () => {
    expect((await call(service.url, 'GET', '/health')).status).toBe(200);
    expect((await stored()).count).toBe(1);
    expect((await find('{"container_registry_metadata.owner":"ops"}')).body.data).toHaveLength(1);
  });
});
