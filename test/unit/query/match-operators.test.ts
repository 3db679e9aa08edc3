import { matchTable, metadataMatches } from '../../support/metadata-filter.ts';

// https://www.mongodb.com/docs/manual/reference/operator/query/exists/
matchTable('$exists', [
  ['a field that is there', { a: { $exists: true } }, { a: 1 }, true],
  ['a field that is null is there', { a: { $exists: true } }, { a: null }, true],
  ['a field that is false is there', { a: { $exists: true } }, { a: false }, true],
  ['an empty array is there', { a: { $exists: true } }, { a: [] }, true],
  ['a field that is not there', { a: { $exists: true } }, {}, false],
  ['false takes what is not there', { a: { $exists: false } }, {}, true],
  ['false does not take null', { a: { $exists: false } }, { a: null }, false],
  ['1 is true', { a: { $exists: 1 } }, { a: 1 }, true],
  ['0 is false', { a: { $exists: 0 } }, { a: 1 }, false],
  ['2 is true', { a: { $exists: 2 } }, { a: 1 }, true],
  ['one object of an array has the field', { 'a.x': { $exists: true } }, { a: [{}, { x: 1 }] }, true],
  ['no object of an array has the field', { 'a.x': { $exists: false } }, { a: [{ y: 1 }] }, true],
  ['one object of an array has it, so it is not absent', { 'a.x': { $exists: false } }, { a: [{}, { x: 1 }] }, false],
  ['a position that is there', { 'a.0': { $exists: true } }, { a: [null] }, true],
  ['a position that is not there', { 'a.1': { $exists: true } }, { a: [null] }, false],
  ['with $nin: there, and not listed', { a: { $exists: true, $nin: [5, 15] } }, { a: 6 }, true],
  ['with $nin: not there', { a: { $exists: true, $nin: [5, 15] } }, {}, false],
]);

// https://www.mongodb.com/docs/manual/reference/operator/query/type/
matchTable('$type', [
  ['string', { a: { $type: 'string' } }, { a: 'x' }, true],
  ['string: not a number', { a: { $type: 'string' } }, { a: 1 }, false],
  ['bool', { a: { $type: 'bool' } }, { a: false }, true],
  ['null', { a: { $type: 'null' } }, { a: null }, true],
  ['null: not missing', { a: { $type: 'null' } }, {}, false],
  ['object', { a: { $type: 'object' } }, { a: {} }, true],
  ['object: not an array', { a: { $type: 'object' } }, { a: [] }, false],
  ['object: not null', { a: { $type: 'object' } }, { a: null }, false],
  ['array: the field itself', { a: { $type: 'array' } }, { a: [1] }, true],
  ['array: an empty one', { a: { $type: 'array' } }, { a: [] }, true],
  ['array: not a scalar', { a: { $type: 'array' } }, { a: 1 }, false],
  ['an element of an array has the type', { a: { $type: 'string' } }, { a: [1, 'x'] }, true],
  ['no element of an array has the type', { a: { $type: 'string' } }, { a: [1, null] }, false],
  ['an element that is an object', { a: { $type: 'object' } }, { a: [{}] }, true],
  ['elements of arrays in arrays are not asked', { a: { $type: 'string' } }, { a: [['x']] }, false],
  ['int: a whole number of 32 bits', { a: { $type: 'int' } }, { a: 2147483647 }, true],
  ['int: the least', { a: { $type: 'int' } }, { a: -2147483648 }, true],
  ['int: beyond 32 bits', { a: { $type: 'int' } }, { a: 2147483648 }, false],
  ['long: a whole number beyond 32 bits', { a: { $type: 'long' } }, { a: 2147483648 }, true],
  ['long: the largest that is exact', { a: { $type: 'long' } }, { a: Number.MAX_SAFE_INTEGER }, true],
  ['long: not a small number', { a: { $type: 'long' } }, { a: 1 }, false],
  ['double: a fraction', { a: { $type: 'double' } }, { a: 1.5 }, true],
  ['double: a whole number that is not exact', { a: { $type: 'double' } }, { a: 1e300 }, true],
  ['double: not a small whole number', { a: { $type: 'double' } }, { a: 1 }, false],
  ['number: int', { a: { $type: 'number' } }, { a: 1 }, true],
  ['number: long', { a: { $type: 'number' } }, { a: 2 ** 40 }, true],
  ['number: double', { a: { $type: 'number' } }, { a: 0.5 }, true],
  ['number: not a text of digits', { a: { $type: 'number' } }, { a: '1' }, false],
  ['several types: the first', { a: { $type: ['string', 'null'] } }, { a: 'x' }, true],
  ['several types: the second', { a: { $type: ['string', 'null'] } }, { a: null }, true],
  ['several types: none', { a: { $type: ['string', 'null'] } }, { a: 1 }, false],
  ['types that JSON does not have match nothing', { a: { $type: 'date' } }, { a: '2025-01-01' }, false],
  ['objectId matches nothing', { a: { $type: ['objectId', 'regex', 'decimal'] } }, { a: 1 }, false],
]);

// https://www.mongodb.com/docs/manual/reference/operator/query/mod/
matchTable('$mod', [
  ['no remainder', { a: { $mod: [4, 0] } }, { a: 12 }, true],
  ['0 has no remainder', { a: { $mod: [4, 0] } }, { a: 0 }, true],
  ['-0 has no remainder', { a: { $mod: [4, 0] } }, { a: -0 }, true],
  ['another remainder', { a: { $mod: [4, 0] } }, { a: 5 }, false],
  ['a remainder', { a: { $mod: [4, 1] } }, { a: 5 }, true],
  ['the value loses its fraction', { a: { $mod: [4, 0] } }, { a: 4.9 }, true],
  ['a negative value loses its fraction towards zero', { a: { $mod: [4, 0] } }, { a: -4.9 }, true],
  ['a value between -1 and 1 becomes 0', { a: { $mod: [4, 0] } }, { a: -0.5 }, true],
  ['the divisor loses its fraction', { a: { $mod: [4.5, 0] } }, { a: 8 }, true],
  ['the divisor 4.99 is 4', { a: { $mod: [4.99, 0] } }, { a: 12 }, true],
  ['the remainder loses its fraction', { a: { $mod: [4, 1.9] } }, { a: 5 }, true],
  ['a negative value has a negative remainder', { a: { $mod: [4, -1] } }, { a: -5 }, true],
  ['a negative value has no positive remainder', { a: { $mod: [4, 3] } }, { a: -5 }, false],
  ['a negative divisor', { a: { $mod: [-4, 1] } }, { a: 5 }, true],
  ['a text is not divided', { a: { $mod: [4, 0] } }, { a: '8' }, false],
  ['null is not divided', { a: { $mod: [4, 0] } }, { a: null }, false],
  ['missing is not divided', { a: { $mod: [4, 0] } }, {}, false],
  ['a value beyond 64 bits never matches', { a: { $mod: [2, 0] } }, { a: 1e300 }, false],
  ['a large exact value', { a: { $mod: [10, 1] } }, { a: 9007199254740991 }, true],
  ['an element of an array', { a: { $mod: [4, 0] } }, { a: [3, 8] }, true],
]);

// https://www.mongodb.com/docs/manual/reference/operator/query/regex/
matchTable('$regex', [
  ['found anywhere', { a: { $regex: 'b' } }, { a: 'abc' }, true],
  ['not found', { a: { $regex: 'x' } }, { a: 'abc' }, false],
  ['from the beginning', { a: { $regex: '^ab' } }, { a: 'abc' }, true],
  ['not at the beginning', { a: { $regex: '^b' } }, { a: 'abc' }, false],
  ['to the end', { a: { $regex: 'c$' } }, { a: 'abc' }, true],
  ['the empty pattern takes every text', { a: { $regex: '' } }, { a: '' }, true],
  ['the empty pattern does not take missing', { a: { $regex: '' } }, {}, false],
  ['numbers are not searched', { a: { $regex: '1' } }, { a: 1 }, false],
  ['null is not searched', { a: { $regex: 'null' } }, { a: null }, false],
  ['objects are not searched', { a: { $regex: '' } }, { a: {} }, false],
  ['an element of an array', { a: { $regex: '^y' } }, { a: ['x', 'yz'] }, true],
  ['elements of arrays in arrays are not searched', { a: { $regex: 'x' } }, { a: [['x']] }, false],
  ['case matters', { a: { $regex: 'ABC' } }, { a: 'abc' }, false],
  ['i: any case', { a: { $regex: 'ABC', $options: 'i' } }, { a: 'abc' }, true],
  ['i: any case beyond ASCII', { a: { $regex: 'É', $options: 'i' } }, { a: 'é' }, true],
  ['options may stand before the pattern', { a: { $options: 'i', $regex: 'ABC' } }, { a: 'abc' }, true],
  ['options may be empty', { a: { $regex: 'abc', $options: '' } }, { a: 'abc' }, true],
  ['without m, ^ is the beginning of the text', { a: { $regex: '^b' } }, { a: 'a\nb' }, false],
  ['m: ^ is the beginning of a line', { a: { $regex: '^b', $options: 'm' } }, { a: 'a\nb' }, true],
  ['m: $ is the end of a line', { a: { $regex: 'a$', $options: 'm' } }, { a: 'a\nb' }, true],
  ['without s, a dot is no line break', { a: { $regex: 'a.b' } }, { a: 'a\nb' }, false],
  ['s: a dot is a line break, too', { a: { $regex: 'a.b', $options: 's' } }, { a: 'a\nb' }, true],
  ['several options', { a: { $regex: 'A.B', $options: 'si' } }, { a: 'a\nb' }, true],
  ['options within the pattern', { a: { $regex: '(?i)ABC' } }, { a: 'abc' }, true],
  ['an escaped dot', { a: { $regex: '^10\\.13\\.' } }, { a: '10.13.21.22' }, true],
  ['an escaped slash', { a: { $regex: '^https?:\\/\\/' } }, { a: 'https://x' }, true],
  ['a class of characters', { a: { $regex: '^[0-9a-f]{12}$' } }, { a: '0123456789ab' }, true],
  ['a dot is a character, not half of one', { a: { $regex: '^.$' } }, { a: '😀' }, true],
  ['characters beyond U+FFFF in classes', { a: { $regex: '^[😀-😂]$' } }, { a: '😁' }, true],
  ['together with another operator', { a: { $regex: 'a', $ne: 'abc' } }, { a: 'abc' }, false],
  ['through arrays of objects', { 'a.x': { $regex: '^b' } }, { a: [{ x: 'a' }, { x: 'b' }] }, true],
]);

describe('abuse 16: a pattern that takes other engines forever', () => {
  it.each([
    ['(a+)+$', 'a'.repeat(50_000)],
    ['(a+)+$', `${'a'.repeat(50_000)}b`],
    ['(a|a)*c$', 'ab'.repeat(25_000)],
    ['^(\\w+\\s?)*$', `${'word '.repeat(10_000)}!`],
  ])('%s is answered at once', (pattern, text) => {
    const startedMs = performance.now();
    metadataMatches({ a: { $regex: pattern } }, { a: text });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  it('finds what is there', () => {
    expect(metadataMatches({ a: { $regex: '(a+)+$' } }, { a: 'a'.repeat(50_000) })).toBe(true);
    expect(metadataMatches({ a: { $regex: '^(a+)+$' } }, { a: `${'a'.repeat(50_000)}b` })).toBe(false);
  });

  it('refuses to search an enormous text for a large pattern rather than keep everybody waiting', () => {
    const large = '[ab]*a[ab]{901}c';
    expect(() => metadataMatches({ a: { $regex: large } }, { a: 'ab'.repeat(40_000) })).toThrow(
      expect.objectContaining({ code: 'QUERY_TOO_EXPENSIVE' }),
    );
    expect(metadataMatches({ a: { $regex: large } }, { a: `${'ab'.repeat(5_000)}c` })).toBe(true);
  });
});

// https://www.mongodb.com/docs/manual/reference/operator/query/not/
matchTable('$not', [
  ['the opposite of a condition', { a: { $not: { $gt: 5 } } }, { a: 4 }, true],
  ['the condition holds', { a: { $not: { $gt: 5 } } }, { a: 6 }, false],
  ['a missing field is included', { a: { $not: { $gt: 5 } } }, {}, true],
  ['another type is included', { a: { $not: { $gt: 5 } } }, { a: '9' }, true],
  ['one element of an array excludes it', { a: { $not: { $gt: 5 } } }, { a: [1, 9] }, false],
  ['of several operators: not all of them together', { a: { $not: { $gt: 5, $lt: 9 } } }, { a: 3 }, true],
  ['of several operators: all hold', { a: { $not: { $gt: 5, $lt: 9 } } }, { a: 7 }, false],
  ['of several operators on an array: each may hold of another element', { a: { $not: { $gt: 5, $lt: 3 } } }, { a: [1, 9] }, false],
  ['of a pattern', { a: { $not: { $regex: '^p' } } }, { a: 'xp' }, true],
  ['of a pattern with options', { a: { $not: { $regex: '^P', $options: 'i' } } }, { a: 'p' }, false],
  ['of $not', { a: { $not: { $not: { $gt: 5 } } } }, { a: 6 }, true],
  ['of $ne', { a: { $not: { $ne: 1 } } }, { a: 1 }, true],
  ['of $in', { a: { $not: { $in: [1] } } }, {}, true],
  ['of $elemMatch', { a: { $not: { $elemMatch: { $gt: 5 } } } }, { a: 9 }, true],
  ['of $size', { a: { $not: { $size: 1 } } }, { a: [1] }, false],
  ['of $all of nothing: everything', { a: { $not: { $all: [] } } }, { a: 1 }, true],
  ['beside another operator', { a: { $not: { $gt: 5 }, $exists: true } }, {}, false],
]);

// https://www.mongodb.com/docs/manual/reference/operator/query-logical/
matchTable('$and, $or, $nor', [
  ['the empty filter takes everything', {}, { a: 1 }, true],
  ['several fields must all match', { a: 1, b: 2 }, { a: 1, b: 2 }, true],
  ['several fields, one does not match', { a: 1, b: 2 }, { a: 1, b: 3 }, false],
  ['$and', { $and: [{ a: 1 }, { b: 2 }] }, { a: 1, b: 2 }, true],
  ['$and, one fails', { $and: [{ a: 1 }, { b: 2 }] }, { a: 1 }, false],
  ['$and on one field twice', { $and: [{ a: 'x' }, { a: 'y' }] }, { a: ['x', 'y'] }, true],
  ['$and of an empty filter', { $and: [{}] }, {}, true],
  ['$or, the first', { $or: [{ a: 1 }, { b: 2 }] }, { a: 1 }, true],
  ['$or, the second', { $or: [{ a: 1 }, { b: 2 }] }, { b: 2 }, true],
  ['$or, none', { $or: [{ a: 1 }, { b: 2 }] }, { a: 2, b: 1 }, false],
  ['$or beside a field', { a: 1, $or: [{ b: 1 }, { b: 2 }] }, { a: 1, b: 2 }, true],
  ['$or beside a field that fails', { a: 9, $or: [{ b: 1 }, { b: 2 }] }, { a: 1, b: 2 }, false],
  ['$or with an empty filter takes everything', { $or: [{ a: 1 }, {}] }, { a: 2 }, true],
  ['$nor: none of them', { $nor: [{ a: 1 }, { b: 2 }] }, { a: 2, b: 1 }, true],
  ['$nor: one of them', { $nor: [{ a: 1 }, { b: 2 }] }, { a: 2, b: 2 }, false],
  ['$nor takes missing fields', { $nor: [{ a: 1 }] }, {}, true],
  ['$nor of an empty filter takes nothing', { $nor: [{}] }, { a: 1 }, false],
  ['$and in $or', { $or: [{ $and: [{ a: 1 }, { b: 1 }] }, { a: 2 }] }, { a: 1, b: 1 }, true],
  ['$or in $and', { $and: [{ $or: [{ a: 1 }, { a: 2 }] }, { $or: [{ b: 1 }, { b: 2 }] }] }, { a: 2, b: 3 }, false],
  ['$nor in $or', { $or: [{ $nor: [{ a: 1 }] }, { b: 1 }] }, { a: 1, b: 1 }, true],
]);
