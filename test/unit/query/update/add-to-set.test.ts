import { limits } from '../../../../src/core/limits.ts';
import { after, METADATA, recordWith, refusalOf, testApplied, testRefused } from './support.ts';

describe('$addToSet', () => {
  testApplied([
    ['adds a value that is not there', { a: ['x'] }, { $addToSet: { a: 'y' } }, { a: ['x', 'y'] }],
    ['adds nothing when it is', { a: ['x', 'y'] }, { $addToSet: { a: 'x' } }, { a: ['x', 'y'] }],
    ['adds to an empty array', { a: [] }, { $addToSet: { a: 1 } }, { a: [1] }],
    ['creates a missing array', {}, { $addToSet: { a: 1 } }, { a: [1] }],
    ['creates the path of a missing array', {}, { $addToSet: { 'a.b': 1 } }, { a: { b: [1] } }],
    ['creates an array as a new element', { a: [1] }, { $addToSet: { 'a.1': 2 } }, { a: [1, [2]] }],
    ['keeps duplicates that were there', { a: [1, 1, 2] }, { $addToSet: { a: 3 } }, { a: [1, 1, 2, 3] }],
    ['keeps duplicates of the value itself', { a: [1, 1] }, { $addToSet: { a: 1 } }, { a: [1, 1] }],
    ['adds an array as one element', { letters: ['a', 'b'] }, { $addToSet: { letters: ['c', 'd'] } }, { letters: ['a', 'b', ['c', 'd']] }],
    ['does not take an array for its elements', { a: [1, 2] }, { $addToSet: { a: [1] } }, { a: [1, 2, [1]] }],
    ['knows an equal array', { a: [[1, 2]] }, { $addToSet: { a: [1, 2] } }, { a: [[1, 2]] }],
    ['takes another order of elements for another array', { a: [[1, 2]] }, { $addToSet: { a: [2, 1] } }, { a: [[1, 2], [2, 1]] }],
    ['knows an equal object', { a: [{ x: 1, y: 2 }] }, { $addToSet: { a: { x: 1, y: 2 } } }, { a: [{ x: 1, y: 2 }] }],
    ['takes another order of fields for another object', { a: [{ x: 1, y: 2 }] }, { $addToSet: { a: { y: 2, x: 1 } } }, { a: [{ x: 1, y: 2 }, { y: 2, x: 1 }] }],
    ['takes more fields for another object', { a: [{ x: 1 }] }, { $addToSet: { a: { x: 1, y: 2 } } }, { a: [{ x: 1 }, { x: 1, y: 2 }] }],
    ['knows the empty object', { a: [{}] }, { $addToSet: { a: {} } }, { a: [{}] }],
    ['knows null', { a: [null] }, { $addToSet: { a: null } }, { a: [null] }],
    ['tells texts from numbers', { a: ['1'] }, { $addToSet: { a: 1 } }, { a: ['1', 1] }],
    ['tells booleans from numbers', { a: [1, 0] }, { $addToSet: { a: true } }, { a: [1, 0, true] }],
    ['tells null from the text', { a: ['null'] }, { $addToSet: { a: null } }, { a: ['null', null] }],
    ['takes -0 for 0', { a: [0] }, { $addToSet: { a: -0 } }, { a: [0] }],
    ['tells upper from lower case', { a: ['x'] }, { $addToSet: { a: 'X' } }, { a: ['x', 'X'] }],
    ['changes nothing when it names no field', { a: [1] }, { $addToSet: {} }, { a: [1] }],
  ]);

  testRefused([
    ['a number', { a: 2 }, { $addToSet: { a: 1 } }, /^Cannot apply \$addToSet to a non-array value: the field .* is of type number/],
    ['a text', { colors: 'blue,green,red' }, { $addToSet: { colors: 'c' } }, /of type string/],
    ['null', { a: null }, { $addToSet: { a: 1 } }, /of type null/],
    ['an object', { a: {} }, { $addToSet: { a: 1 } }, /of type object/],
    ['a path through a scalar', { a: 1 }, { $addToSet: { 'a.b': 1 } }, /^Cannot create field "b"/],
    ['a value with an operator', { a: [] }, { $addToSet: { a: { other: 1, $x: 1 } } }, /"\$x" cannot be stored/],
    ['$position without $each', { a: [] }, { $addToSet: { a: { $position: 1 } } }, /\$each/],
  ]);
});

describe('$addToSet with $each', () => {
  testApplied([
    ['adds each value that is not there', { a: ['x', 'y'] }, { $addToSet: { a: { $each: ['y', 'z', 'w'] } } }, { a: ['x', 'y', 'z', 'w'] }],
    ['adds each value once', { a: [0] }, { $addToSet: { a: { $each: [1, 1, 2, 1] } } }, { a: [0, 1, 2] }],
    ['adds each value once to an array that it creates', {}, { $addToSet: { a: { $each: [1, 1, 2] } } }, { a: [1, 2] }],
    ['adds equal objects once', {}, { $addToSet: { a: { $each: [{ x: 1 }, { x: 1 }] } } }, { a: [{ x: 1 }] }],
    ['keeps duplicates that were there', { a: [0, 0] }, { $addToSet: { a: { $each: [1] } } }, { a: [0, 0, 1] }],
    ['adds nothing when it is empty', { a: [0] }, { $addToSet: { a: { $each: [] } } }, { a: [0] }],
    ['creates an empty array when it is empty', {}, { $addToSet: { a: { $each: [] } } }, { a: [] }],
    ['adds arrays as elements', { a: [] }, { $addToSet: { a: { $each: [[1], [1], [2]] } } }, { a: [[1], [2]] }],
  ]);

  testRefused([
    ['an object for $each', { a: [] }, { $addToSet: { a: { $each: {} } } }, /^\$each takes an array of elements, not a value of type object/],
    ['a field beside $each', { a: [] }, { $addToSet: { a: { $each: [], bad: 1 } } }, /^"bad" cannot stand beside \$each/],
    ['a field before $each', { a: [] }, { $addToSet: { a: { bad: 1, $each: [] } } }, /^"bad" cannot stand beside \$each/],
    ['$slice beside $each', { a: [] }, { $addToSet: { a: { $each: [], $slice: 1 } } }, /^"\$slice" cannot stand beside \$each/],
    ['a scalar', { a: 'x' }, { $addToSet: { a: { $each: [] } } }, /^Cannot apply \$addToSet to a non-array value/],
  ]);

  it('takes no more values than the limit says', () => {
    const error = refusalOf(() => after(recordWith({}), { $addToSet: { [`${METADATA}.a`]: { $each: new Array(limits.pushEachMax + 1).fill(0) } } }));
    expect(error.code).toBe('LIMIT_EXCEEDED');
  });

  it('adds a thousand values to a huge array without comparing each with each', () => {
    const record = recordWith({ a: Array.from({ length: 100_000 }, (_, index) => index) });
    const each = Array.from({ length: limits.pushEachMax }, (_, index) => -index - 1);
    const startMs = performance.now();
    const result = after(record, { $addToSet: { [`${METADATA}.a`]: { $each: each } } });
    expect((result[METADATA] as { a: unknown[] }).a).toHaveLength(101_000);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});
