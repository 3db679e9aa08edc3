import type { Json, JsonObject } from '../../../src/core/json.ts';
import { compileElementFilter } from '../../../src/query/element.ts';

// https://www.mongodb.com/docs/manual/reference/operator/update/pull/
describe('compileElementFilter', () => {
  it.each<[rule: string, filter: JsonObject, element: Json, expected: boolean]>([
    ['operators on a scalar', { $gte: 6 }, 7, true],
    ['operators on a scalar that does not match', { $gte: 6 }, 5, false],
    ['several operators', { $gt: 1, $lt: 5 }, 3, true],
    ['$in', { $in: ['a', 'b'] }, 'b', true],
    ['$ne', { $ne: 1 }, 2, true],
    ['$regex', { $regex: '^a' }, 'ab', true],
    ['operators look into an element that is an array', { $gte: 6 }, [1, 7], true],
    ['$elemMatch on an element that is an array', { $elemMatch: { x: 1 } }, [{ x: 1 }], true],
    ['fields of an element that is an object', { score: 8, item: 'B' }, { item: 'B', score: 8, more: true }, true],
    ['fields of an element that does not match', { score: 8, item: 'B' }, { item: 'B', score: 9 }, false],
    ['fields with operators', { score: { $gte: 8 } }, { score: 9 }, true],
    ['dotted paths', { 'a.b': 1 }, { a: { b: 1 } }, true],
    ['an object value must be exact', { a: { b: 1 } }, { a: { b: 1, c: 2 } }, false],
    ['$or of fields', { $or: [{ a: 1 }, { a: 2 }] }, { a: 2 }, true],
    ['fields do not match scalars', { a: null }, 5, false],
    ['fields do not match arrays', { a: null }, [], false],
    ['an empty filter matches every object', {}, { a: 1 }, true],
    ['an empty filter matches no scalar', {}, 1, false],
  ])('%s', (_rule, filter, element, expected) => {
    expect(compileElementFilter(filter, '$pull.x')(element)).toBe(expected);
  });

  it.each<[string, JsonObject, string, string]>([
    ['abuse 12: $where', { $where: '1' }, '$pull.x.$where', 'OPERATOR_NOT_ALLOWED'],
    ['abuse 14: an own __proto__', JSON.parse('{"__proto__":{"x":1}}'), '$pull.x', 'INVALID_FILTER'],
    ['operators and fields', { $gt: 1, x: 1 }, '$pull.x.x', 'INVALID_FILTER'],
    ['half of a surrogate pair', { a: '\ud800' }, '$pull.x.a', 'INVALID_FILTER'],
  ])('refuses %s and names the place', (_what, filter, path, code) => {
    expect(() => compileElementFilter(filter, '$pull.x')).toThrow(expect.objectContaining({ code, details: [expect.objectContaining({ path })] }));
  });
});
