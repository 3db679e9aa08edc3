import { matchTable, metadataMatches } from '../../support/metadata-filter.ts';

// https://www.mongodb.com/docs/manual/reference/operator/query/all/
matchTable('$all', [
  ['all the values, in any order', { a: { $all: ['x', 'y'] } }, { a: ['y', 'z', 'x'] }, true],
  ['one value is not there', { a: { $all: ['x', 'y'] } }, { a: ['x'] }, false],
  ['a scalar field that is the only value', { a: { $all: ['x'] } }, { a: 'x' }, true],
  ['a scalar field cannot be two values', { a: { $all: ['x', 'y'] } }, { a: 'x' }, false],
  ['the same value twice asks for it once', { a: { $all: ['x', 'x'] } }, { a: 'x' }, true],
  ['no values match nothing', { a: { $all: [] } }, { a: [] }, false],
  ['no values match no missing field', { a: { $all: [] } }, {}, false],
  ['a missing field', { a: { $all: ['x'] } }, {}, false],
  ['null takes missing, as equality does', { a: { $all: [null] } }, {}, true],
  ['an array of an array equals the field as a whole', { a: { $all: [['ssl', 'security']] } }, { a: ['ssl', 'security'] }, true],
  ['an array of an array equals an element', { a: { $all: [['ssl', 'security']] } }, { a: [['ssl', 'security'], 'x'] }, true],
  ['an array of an array does not match its elements spread out', { a: { $all: [['ssl', 'security']] } }, { a: ['ssl', 'security', 'x'] }, false],
  ['objects as values', { a: { $all: [{ x: 1 }] } }, { a: [{ x: 1 }, { x: 2 }] }, true],
  ['objects as values: the order of keys', { a: { $all: [{ x: 1, y: 2 }] } }, { a: [{ y: 2, x: 1 }] }, false],
  ['types are not converted', { a: { $all: [1] } }, { a: ['1'] }, false],
  ['through an array of objects: different objects may have the values', { 'a.x': { $all: [1, 2] } }, { a: [{ x: 1 }, { x: 2 }] }, true],
  ['with $elemMatch: each may be met by another element', { a: { $all: [{ $elemMatch: { x: 1, y: 1 } }, { $elemMatch: { x: 2, y: 2 } }] } }, { a: [{ x: 1, y: 1 }, { x: 2, y: 2 }] }, true],
  ['with $elemMatch: one is not met', { a: { $all: [{ $elemMatch: { x: 1, y: 2 } }, { $elemMatch: { x: 2 } }] } }, { a: [{ x: 1, y: 1 }, { x: 2, y: 2 }] }, false],
  ['with $elemMatch of values', { a: { $all: [{ $elemMatch: { $gt: 5 } }, { $elemMatch: { $lt: 0 } }] } }, { a: [-1, 9] }, true],
  ['with $elemMatch a scalar field does not match', { a: { $all: [{ $elemMatch: { $gt: 5 } }] } }, { a: 9 }, false],
  ['beside another operator', { a: { $all: ['x'], $size: 2 } }, { a: ['x', 'y'] }, true],
]);

// https://www.mongodb.com/docs/manual/reference/operator/query/elemMatch/
matchTable('$elemMatch on values', [
  ['one element meets all conditions', { a: { $elemMatch: { $gte: 80, $lt: 85 } } }, { a: [82, 85, 88] }, true],
  ['no element meets all, though each is met', { a: { $elemMatch: { $gte: 80, $lt: 85 } } }, { a: [75, 88, 89] }, false],
  ['a scalar field does not match', { a: { $elemMatch: { $gt: 1 } } }, { a: 5 }, false],
  ['a missing field does not match', { a: { $elemMatch: { $exists: true } } }, {}, false],
  ['an empty array does not match', { a: { $elemMatch: { $ne: 1 } } }, { a: [] }, false],
  ['$ne of one element', { a: { $elemMatch: { $ne: 1 } } }, { a: [1, 2] }, true],
  ['$ne of all elements', { a: { $elemMatch: { $ne: 1 } } }, { a: [1, 1] }, false],
  ['$nin', { a: { $elemMatch: { $nin: [1, 2] } } }, { a: [1, 3] }, true],
  ['$not', { a: { $elemMatch: { $not: { $gt: 1 } } } }, { a: [5, 'x'] }, true],
  ['$not of all elements', { a: { $elemMatch: { $not: { $gt: 1 } } } }, { a: [5, 6] }, false],
  ['$in', { a: { $elemMatch: { $in: [2, 7] } } }, { a: [1, 7] }, true],
  ['$eq with an object', { a: { $elemMatch: { $eq: { x: 1 } } } }, { a: [{ x: 1 }] }, true],
  ['$regex', { a: { $elemMatch: { $regex: '^b' } } }, { a: ['a', 'bc'] }, true],
  ['$mod', { a: { $elemMatch: { $mod: [4, 0] } } }, { a: [3, 8] }, true],
  ['$type', { a: { $elemMatch: { $type: 'string' } } }, { a: [1, 'x'] }, true],
  ['$size of an array within the array', { a: { $elemMatch: { $size: 2 } } }, { a: [[1], [1, 2]] }, true],
  ['$exists holds of every element', { a: { $elemMatch: { $exists: true } } }, { a: [null] }, true],
  ['$exists false holds of none', { a: { $elemMatch: { $exists: false } } }, { a: [null] }, false],
  ['an element that is an array is compared as a whole', { a: { $elemMatch: { $gt: 1 } } }, { a: [[5]] }, false],
  ['an array within the array, by a nested $elemMatch', { a: { $elemMatch: { $elemMatch: { $gt: 1 } } } }, { a: [[0], [5]] }, true],
  ['nested $elemMatch needs arrays in the array', { a: { $elemMatch: { $elemMatch: { $gt: 1 } } } }, { a: [5] }, false],
  ['$all of one element', { a: { $elemMatch: { $all: [1] } } }, { a: [0, 1] }, true],
  ['$all with an array element is not looked into', { a: { $elemMatch: { $all: [1, 2] } } }, { a: [[1, 2]] }, false],
  ['below an array, any array will do', { 'a.x': { $elemMatch: { $gt: 1, $lt: 3 } } }, { a: [{ x: [5] }, { x: [2] }] }, true],
  ['below an array, values of different objects are not one array', { 'a.x': { $elemMatch: { $gt: 1 } } }, { a: [{ x: 2 }, { x: 3 }] }, false],
]);

matchTable('$elemMatch on documents', [
  ['one element meets all fields', { a: { $elemMatch: { x: 1, y: { $gte: 8 } } } }, { a: [{ x: 1, y: 9 }] }, true],
  ['no element meets all fields', { a: { $elemMatch: { x: 1, y: { $gte: 8 } } } }, { a: [{ x: 1, y: 5 }, { x: 2, y: 9 }] }, false],
  ['further keys do not matter', { a: { $elemMatch: { x: 1 } } }, { a: [{ z: 0, x: 1 }] }, true],
  ['scalars in the array are passed over', { a: { $elemMatch: { x: 1 } } }, { a: [1, 'x', { x: 1 }] }, true],
  ['an object that is not in an array does not match', { a: { $elemMatch: { x: 1 } } }, { a: { x: 1 } }, false],
  ['$or inside', { a: { $elemMatch: { $or: [{ x: 1 }, { y: 2 }] } } }, { a: [{ x: 0, y: 2 }] }, true],
  ['$and inside', { a: { $elemMatch: { $and: [{ x: { $gt: 1 } }, { x: { $lt: 5 } }] } } }, { a: [{ x: 3 }] }, true],
  ['$nor inside', { a: { $elemMatch: { $nor: [{ x: 1 }] } } }, { a: [{ x: 1 }] }, false],
  ['$ne inside: an element without it', { a: { $elemMatch: { x: { $ne: 1 } } } }, { a: [{ x: 1 }, { x: 2 }] }, true],
  ['dotted paths inside', { a: { $elemMatch: { 'x.y': 1 } } }, { a: [{ x: { y: 1 } }] }, true],
  ['arrays of objects inside', { a: { $elemMatch: { 'x.y': 1 } } }, { a: [{ x: [{ y: 0 }, { y: 1 }] }] }, true],
  ['$elemMatch inside', { a: { $elemMatch: { x: { $elemMatch: { y: 1, z: 1 } } } } }, { a: [{ x: [{ y: 1, z: 1 }] }] }, true],
  ['no fields match any element that is an object', { a: { $elemMatch: {} } }, { a: [{}] }, true],
  ['no fields do not match scalars', { a: { $elemMatch: {} } }, { a: [1] }, false],
  ['an array in the array counts as a document by position', { a: { $elemMatch: { 0: 'x' } } }, { a: [['x']] }, true],
  ['an array in the array lacks other fields', { a: { $elemMatch: { x: null } } }, { a: [[]] }, true],
  ['the length of an array is not a field', { a: { $elemMatch: { length: 1 } } }, { a: [['x']] }, false],
  ['inside, a path may begin with any name', { a: { $elemMatch: { container_registry_id: 'x' } } }, { a: [{ container_registry_id: 'x' }] }, true],
]);

// https://www.mongodb.com/docs/manual/reference/operator/query/size/
matchTable('$size', [
  ['an array of that length', { a: { $size: 2 } }, { a: ['x', 'y'] }, true],
  ['an array of another length', { a: { $size: 2 } }, { a: ['x'] }, false],
  ['0 takes an empty array', { a: { $size: 0 } }, { a: [] }, true],
  ['0 does not take a missing field', { a: { $size: 0 } }, {}, false],
  ['a scalar has no size', { a: { $size: 1 } }, { a: 'x' }, false],
  ['an object has no size', { a: { $size: 1 } }, { a: { x: 1 } }, false],
  ['arrays in arrays count as one', { a: { $size: 1 } }, { a: [[1, 2]] }, true],
  ['an array in the array is not asked', { a: { $size: 2 } }, { a: [[1, 2]] }, false],
  ['below an array, any array will do', { 'a.x': { $size: 1 } }, { a: [{ x: [1, 2] }, { x: [1] }] }, true],
  ['an array by its position', { 'a.0': { $size: 2 } }, { a: [[1, 2]] }, true],
]);

// https://www.mongodb.com/docs/manual/core/document/#dot-notation and tutorials on arrays
matchTable('paths', [
  ['a position of an array', { 'a.1': 'y' }, { a: ['x', 'y'] }, true],
  ['another position', { 'a.0': 'y' }, { a: ['x', 'y'] }, false],
  ['a position beyond the end is missing nothing', { 'a.5': 'x' }, { a: ['x'] }, false],
  ['a position beyond the end does not exist', { 'a.5': { $exists: false } }, { a: ['x'] }, true],
  ['a key of digits', { 'a.0': 'x' }, { a: { 0: 'x' } }, true],
  ['a key of digits in an object of an array', { 'a.0': 'x' }, { a: ['z', { 0: 'x' }] }, true],
  ['a position with a leading zero names none', { 'a.00': 'x' }, { a: ['x'] }, false],
  ['a field of an object at a position', { 'a.1.x': 2 }, { a: [{ x: 1 }, { x: 2 }] }, true],
  ['a field of an object at another position', { 'a.0.x': 2 }, { a: [{ x: 1 }, { x: 2 }] }, false],
  ['a position after a field', { 'a.x.0': 7 }, { a: { x: [7, 8] } }, true],
  ['a position after a field below an array', { 'a.x.1': 8 }, { a: [{ x: [7, 8] }] }, true],
  ['an array at a position equals an array', { 'a.0': [1, 2] }, { a: [[1, 2]] }, true],
  ['an array at a position is not asked for its elements', { 'a.0': 1 }, { a: [[1, 2]] }, false],
  ['two positions', { 'a.0.1': 2 }, { a: [[1, 2]] }, true],
  ['a position, then objects of the array there', { 'a.0.x': 1 }, { a: [[{ x: 1 }]] }, true],
  ['arrays directly in arrays are not passed through by names', { 'a.x': 1 }, { a: [[{ x: 1 }]] }, false],
  ['arrays in arrays by two names and a position', { 'a.1.x': 1 }, { a: [0, [{ x: 1 }]] }, true],
  ['arrays in objects in arrays are passed through', { 'a.x.y': 1 }, { a: [{ x: [{ y: 0 }, { y: 1 }] }] }, true],
  ['three arrays deep', { 'a.x.y': 1 }, { a: [{ x: [{ y: [0, 1] }] }] }, true],
  ['a path through a scalar is missing', { 'a.x': { $exists: false } }, { a: 5 }, true],
  ['a path through a scalar equals null', { 'a.x': null }, { a: 'text' }, true],
  ['a path through a text has no positions', { 'a.0': 't' }, { a: 'text' }, false],
  ['a key with a dot cannot be addressed', { 'a.b': 1 }, { 'a.b': 1 }, false],
  ['an empty text has no properties', { 'a.length': { $exists: true } }, { a: '' }, false],
  ['an array has no length', { 'a.length': { $exists: true } }, { a: [1] }, false],
  ['an object has no inherited fields', { 'a.toString': { $exists: true } }, { a: {} }, false],
  ['an object has no inherited methods', { 'a.hasOwnProperty': { $ne: null } }, { a: {} }, false],
  ['an own field named as a method', { 'a.toString': 'x' }, { a: { toString: 'x' } }, true],
  ['keys that are not ASCII', { 'größe.😀': 1 }, { größe: { '😀': 1 } }, true],
  ['a number has no methods', { 'a.toFixed': { $exists: true } }, { a: 1 }, false],
]);

describe('abuse 15: what JavaScript would find on a prototype is not there', () => {
  it.each([
    ["''.x", { a: '' }, 'a.x'],
    ['[][5]', { a: [] }, 'a.5'],
    ['{}.x', { a: {} }, 'a.x'],
    ['{}.valueOf', { a: {} }, 'a.valueOf'],
    ['[].map', { a: [] }, 'a.map'],
    ['true.toString', { a: true }, 'a.toString'],
  ])('%s', (_name, document, path) => {
    expect(metadataMatches({ [path]: { $exists: true } }, document)).toBe(false);
    expect(metadataMatches({ [path]: { $type: 'object' } }, document)).toBe(false);
  });
});
