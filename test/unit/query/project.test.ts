import type { JsonObject } from '../../../src/core/json.ts';
import { parseFields, projectFields } from '../../../src/query/project.ts';

const ID = 'container_registry_id';

function project(fields: string, metadata: JsonObject): JsonObject {
  const record = { [ID]: 'x', container_registry_name: 'n', container_registry_metadata: metadata, container_registry_tags: ['t'] };
  return projectFields(record, parseFields(fields));
}

describe('parseFields', () => {
  it('reads paths', () => {
    expect(parseFields('container_registry_name,container_registry_metadata.a.0')).toEqual([['container_registry_name'], ['container_registry_metadata', 'a', '0']]);
  });

  it.each([
    ['nothing', '', 'is empty'],
    ['an empty path', 'container_registry_name,', 'is empty'],
    ['an unknown field', 'name', 'does not begin with a field of a record'],
    ['health, which is no field of a record', 'health.status', 'does not begin with a field of a record'],
    ['meta, which is no field of a record', 'meta', 'does not begin with a field of a record'],
    ['abuse 20: another’s field', '$password_hash', 'begins with `$`'],
    ['an exclusion', '-container_registry_name', 'does not begin with a field'],
    ['abuse 15: prototypes', 'container_registry_metadata.constructor.prototype', '`constructor`'],
    ['abuse 15: __proto__', 'container_registry_metadata.__proto__.x', '`__proto__`'],
    ['an empty segment', 'container_registry_metadata..a', 'empty segment'],
    ['a positional operator', 'container_registry_tags.$', 'begins with `$`'],
  ])('refuses %s', (_what, text, message) => {
    expect(() => parseFields(text)).toThrow(expect.objectContaining({ code: 'INVALID_PARAMETER', details: [{ path: 'fields', message: expect.stringContaining(message) }] }));
  });
});

// https://www.mongodb.com/docs/manual/tutorial/project-fields-from-query-results/
describe('projectFields', () => {
  const m = 'container_registry_metadata';

  it.each<[rule: string, fields: string, metadata: JsonObject, kept: JsonObject]>([
    ['the id alone', ID, { a: 1 }, { [ID]: 'x' }],
    ['the id always comes along, in its own place', 'container_registry_tags,container_registry_name', {}, { [ID]: 'x', container_registry_name: 'n', container_registry_tags: ['t'] }],
    ['a whole field', m, { a: { b: 1 } }, { [ID]: 'x', [m]: { a: { b: 1 } } }],
    ['a part of a field', `${m}.a`, { a: 1, b: 2 }, { [ID]: 'x', [m]: { a: 1 } }],
    ['two parts of a field, in the record’s order', `${m}.b,${m}.a`, { a: 1, b: 2, c: 3 }, { [ID]: 'x', [m]: { a: 1, b: 2 } }],
    ['a part that is null', `${m}.a`, { a: null }, { [ID]: 'x', [m]: { a: null } }],
    ['a part that is not there leaves its parent', `${m}.a`, { b: 1 }, { [ID]: 'x', [m]: {} }],
    ['a deep part that is not there leaves its parents', `${m}.a.b`, { a: {} }, { [ID]: 'x', [m]: { a: {} } }],
    ['a path through a scalar keeps nothing of it', `${m}.a.b`, { a: 5, c: 1 }, { [ID]: 'x', [m]: {} }],
    ['a path into a field that is a scalar drops it', 'container_registry_name.x', {}, { [ID]: 'x' }],
    ['an array whole', `${m}.a`, { a: [1, { b: 2 }] }, { [ID]: 'x', [m]: { a: [1, { b: 2 }] } }],
    ['objects in an array, each for itself; scalars are dropped', `${m}.a.b`, { a: [1, { b: 2 }, { c: 3 }, null] }, { [ID]: 'x', [m]: { a: [{ b: 2 }, {}] } }],
    ['arrays in arrays', `${m}.a.b`, { a: [[{ b: 1, c: 2 }, 3], []] }, { [ID]: 'x', [m]: { a: [[{ b: 1 }], []] } }],
    ['an array of scalars becomes empty', `${m}.a.b`, { a: [1, 2] }, { [ID]: 'x', [m]: { a: [] } }],
    ['digits are keys, not positions', `${m}.a.0`, { a: ['x', { 0: 'y', 1: 'z' }] }, { [ID]: 'x', [m]: { a: [{ 0: 'y' }] } }],
    ['a path and a part of it: the whole', `${m},${m}.a`, { a: 1, b: 2 }, { [ID]: 'x', [m]: { a: 1, b: 2 } }],
    ['a part of a path and the path: the whole', `${m}.a,${m}`, { a: 1, b: 2 }, { [ID]: 'x', [m]: { a: 1, b: 2 } }],
    ['the same path twice', `${m}.a,${m}.a`, { a: 1, b: 2 }, { [ID]: 'x', [m]: { a: 1 } }],
    ['a field named as an inherited method', `${m}.toString`, {}, { [ID]: 'x', [m]: {} }],
    ['a part of the id is the id', `${ID}.x`, {}, { [ID]: 'x' }],
  ])('%s', (_rule, fields, metadata, kept) => {
    expect(project(fields, metadata)).toEqual(kept);
    expect(JSON.stringify(project(fields, metadata))).toBe(JSON.stringify(kept));
  });

  it('does not change the record', () => {
    const metadata = { a: [{ b: 1, c: 2 }] };
    project(`${m}.a.b`, metadata);
    expect(metadata).toEqual({ a: [{ b: 1, c: 2 }] });
  });
});
