import { limits } from '../../../../src/core/limits.ts';
import { after, METADATA, metadataTextAfter, recordWith, refusalOf, testApplied, testRefused } from './support.ts';

const each = (...values: unknown[]): { $each: unknown[] } => ({ $each: values });

describe('$push', () => {
  testApplied([
    ['appends a value', { a: [1] }, { $push: { a: 2 } }, { a: [1, 2] }],
    ['appends to an empty array', { a: [] }, { $push: { a: 1 } }, { a: [1] }],
    ['appends a value that is there already', { a: [1] }, { $push: { a: 1 } }, { a: [1, 1] }],
    ['appends an array as one element', { a: [1] }, { $push: { a: [2, 3] } }, { a: [1, [2, 3]] }],
    ['appends an object as one element', { a: [] }, { $push: { a: { each: [1] } } }, { a: [{ each: [1] }] }],
    ['appends null', { a: [] }, { $push: { a: null } }, { a: [null] }],
    ['creates a missing array', {}, { $push: { a: 1 } }, { a: [1] }],
    ['creates the path of a missing array', { choices: { first: {} } }, { $push: { 'choices.first.votes': 1 } }, { choices: { first: { votes: [1] } } }],
    ['reaches an array in an array', { a: [[1], [2]] }, { $push: { 'a.1': 3 } }, { a: [[1], [2, 3]] }],
    ['creates an array as a new element', { a: [1] }, { $push: { 'a.2': 3 } }, { a: [1, null, [3]] }],
    ['reaches an array in an object in an array', { a: [{ b: [1] }] }, { $push: { 'a.0.b': 2 } }, { a: [{ b: [1, 2] }] }],
    ['pushes to several arrays', { a: [1] }, { $push: { a: 2, b: 3 } }, { a: [1, 2], b: [3] }],
    ['changes nothing when it names no field', { a: [1] }, { $push: {} }, { a: [1] }],
  ]);

  testRefused([
    ['a number', { a: 1 }, { $push: { a: 1 } }, /^Cannot apply \$push to a non-array value: the field .* is of type number/],
    ['a text', { a: 'x' }, { $push: { a: 1 } }, /of type string/],
    ['null', { a: null }, { $push: { a: 1 } }, /of type null/],
    ['an object', { a: {} }, { $push: { a: 1 } }, /of type object/],
    ['an element that is no array', { a: [1] }, { $push: { 'a.0': 1 } }, /of type number/],
    ['a path through a scalar', { a: 1 }, { $push: { 'a.b': 1 } }, /^Cannot create field "b"/],
    ['a name below an array', { a: [] }, { $push: { 'a.b': 1 } }, /^Cannot create field "b"/],
    ['a value with an operator', { a: [] }, { $push: { a: { $inc: 1 } } }, /cannot be stored: names that begin with \$/],
  ]);
});

describe('$push with $each', () => {
  testApplied([
    ['appends each value', { a: [1] }, { $push: { a: each(2, 3) } }, { a: [1, 2, 3] }],
    ['appends arrays as elements', { a: [] }, { $push: { a: each([1], [2]) } }, { a: [[1], [2]] }],
    ['appends nothing when it is empty', { a: [1] }, { $push: { a: each() } }, { a: [1] }],
    ['creates an empty array when it is empty and the field is missing', {}, { $push: { a: each() } }, { a: [] }],
    ['creates a missing array', {}, { $push: { a: each(1, 2) } }, { a: [1, 2] }],
    ['takes the fields of its values in any order', { a: [] }, { $push: { a: each({ b: 1, a: 2 }) } }, { a: [{ b: 1, a: 2 }] }],
  ]);

  testRefused([
    ['a number for $each', { a: [] }, { $push: { a: { $each: 1 } } }, /^\$each takes an array of elements, not a value of type number/],
    ['an object for $each', { a: [] }, { $push: { a: { $each: { 0: 1 } } } }, /of type object/],
    ['null for $each', { a: [] }, { $push: { a: { $each: null } } }, /of type null/],
    ['a field beside $each', { a: [] }, { $push: { a: { $each: [], b: 1 } } }, /^"b" cannot stand beside \$each/],
    ['an unknown modifier', { a: [] }, { $push: { a: { $each: [], $xxx: 1 } } }, /^"\$xxx" cannot stand beside \$each/],
    ['an operator inside a value', { a: [] }, { $push: { a: each(1, { b: { $c: 1 } }) } }, /"\$c" cannot be stored/],
    ['$slice without $each', { a: [] }, { $push: { a: { $slice: 1 } } }, /^\$slice needs \$each/],
    ['$sort without $each', { a: [] }, { $push: { a: { $sort: 1 } } }, /^\$sort needs \$each/],
    ['$position without $each', { a: [] }, { $push: { a: { $position: 0, b: 1 } } }, /^\$position needs \$each/],
    ['a scalar', { a: 1 }, { $push: { a: each() } }, /^Cannot apply \$push to a non-array value/],
  ]);

  it('names the place of a value that cannot be stored', () => {
    const error = refusalOf(() => after(recordWith({}), { $push: { container_registry_tags: each('a', { b: [{ $c: 1 }] }) } }));
    expect(error.details[0]?.path).toBe('$push.container_registry_tags.$each.1.b.0.$c');
  });

  it.each(['$push', '$addToSet'])('counts the depth of what %s adds from the record down', (operator) => {
    const arrays = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
    // Around an element of the metadata's field `a` lie the record, its metadata and the array.
    const allowed = limits.documentDepthMax - 3;
    for (const wrap of [(value: unknown) => value, (value: unknown) => ({ $each: [value] })]) {
      expect(() => after(recordWith({}), { [operator]: { [`${METADATA}.a`]: wrap(arrays(allowed)) } })).not.toThrow();
      expect(refusalOf(() => after(recordWith({}), { [operator]: { [`${METADATA}.a`]: wrap(arrays(allowed + 1)) } })).code).toBe('LIMIT_EXCEEDED');
    }
  });

  it('takes as many values as the limit says, and no more', () => {
    const values = Array.from({ length: limits.pushEachMax }, (_, index) => index);
    expect((JSON.parse(metadataTextAfter({}, { $push: { a: each(...values) } })) as { a: unknown[] }).a).toHaveLength(limits.pushEachMax);
    const error = refusalOf(() => after(recordWith({}), { $push: { [`${METADATA}.a`]: each(...values, 'one more') } }));
    expect(error.code).toBe('LIMIT_EXCEEDED');
    expect(error.details[0]?.path).toBe('$push.container_registry_metadata.a.$each');
  });
});

describe('$push with $position', () => {
  testApplied([
    ['inserts at the front', { a: [100] }, { $push: { a: { ...each(50, 60, 70), $position: 0 } } }, { a: [50, 60, 70, 100] }],
    ['inserts in the middle', { a: [50, 60, 70, 100] }, { $push: { a: { ...each(20, 30), $position: 2 } } }, { a: [50, 60, 20, 30, 70, 100] }],
    ['appends at the length', { a: [1, 2] }, { $push: { a: { ...each(3), $position: 2 } } }, { a: [1, 2, 3] }],
    ['appends beyond the length, without nulls', { a: [1] }, { $push: { a: { ...each(2), $position: 10 } } }, { a: [1, 2] }],
    ['counts back from the end when negative', { a: [1, 2, 3] }, { $push: { a: { ...each(9), $position: -1 } } }, { a: [1, 2, 9, 3] }],
    ['puts the last of several at the negative position', { a: [50, 60, 20, 30, 70, 100] }, { $push: { a: { ...each(90, 80), $position: -2 } } }, { a: [50, 60, 20, 30, 90, 80, 70, 100] }],
    ['inserts at the front at minus the length', { a: [1, 2] }, { $push: { a: { ...each(9), $position: -2 } } }, { a: [9, 1, 2] }],
    ['inserts at the front below minus the length', { a: [1, 2] }, { $push: { a: { ...each(9), $position: -10 } } }, { a: [9, 1, 2] }],
    ['takes a whole number written with a fraction', { a: [1] }, { $push: { a: { ...each(9), $position: 0.0 } } }, { a: [9, 1] }],
    ['takes the largest whole number', { a: [1] }, { $push: { a: { ...each(9), $position: Number.MAX_SAFE_INTEGER } } }, { a: [1, 9] }],
    ['creates a missing array whatever the position', {}, { $push: { a: { ...each(1, 2), $position: -5 } } }, { a: [1, 2] }],
    ['may stand before $each', { a: [2] }, { $push: { a: { $position: 0, ...each(1) } } }, { a: [1, 2] }],
  ]);

  testRefused([
    ['a fraction', { a: [] }, { $push: { a: { ...each(1), $position: -2.1 } } }, /^\$position takes a whole number, not -2.1/],
    ['a text', { a: [] }, { $push: { a: { ...each(1), $position: '0' } } }, /^\$position takes a whole number/],
    ['an object', { a: [] }, { $push: { a: { ...each(1), $position: { a: 1 } } } }, /^\$position takes a whole number/],
    ['null', { a: [] }, { $push: { a: { ...each(1), $position: null } } }, /^\$position takes a whole number/],
  ]);
});

describe('$push with $slice', () => {
  testApplied([
    ['keeps the first elements when positive', { a: [1, 2] }, { $push: { a: { ...each(3, 4), $slice: 3 } } }, { a: [1, 2, 3] }],
    ['keeps the last elements when negative', { a: [40, 50, 60] }, { $push: { a: { ...each(80, 78, 86), $slice: -5 } } }, { a: [50, 60, 80, 78, 86] }],
    ['empties the array when 0', { a: [1] }, { $push: { a: { ...each(2), $slice: 0 } } }, { a: [] }],
    ['keeps all when larger than the array', { a: [1] }, { $push: { a: { ...each(2), $slice: 10 } } }, { a: [1, 2] }],
    ['keeps all when more negative than the array is long', { a: [1] }, { $push: { a: { ...each(2), $slice: -10 } } }, { a: [1, 2] }],
    ['may drop all that is pushed', { a: [3] }, { $push: { a: { ...each(2, -1), $slice: 1 } } }, { a: [3] }],
    ['slices without adding anything', { a: [89, 70, 100, 20] }, { $push: { a: { ...each(), $slice: -3 } } }, { a: [70, 100, 20] }],
    ['slices an array that it creates', {}, { $push: { a: { ...each(1, 2, 3), $slice: 2 } } }, { a: [1, 2] }],
    ['creates an empty array when 0', {}, { $push: { a: { ...each(1), $slice: 0 } } }, { a: [] }],
  ]);

  testRefused([
    ['a fraction', { a: [] }, { $push: { a: { ...each(1), $slice: 1.5 } } }, /^\$slice takes a whole number, not 1.5/],
    ['a text', { a: [] }, { $push: { a: { ...each(1), $slice: '-1' } } }, /^\$slice takes a whole number/],
    ['an array', { a: [] }, { $push: { a: { ...each(1), $slice: [1, 2] } } }, /^\$slice takes a whole number/],
  ]);
});

describe('$push with $sort', () => {
  testApplied([
    ['sorts whole values upwards', { a: [89, 70, 89, 50] }, { $push: { a: { ...each(40, 60), $sort: 1 } } }, { a: [40, 50, 60, 70, 89, 89] }],
    ['sorts whole values downwards', { a: [3] }, { $push: { a: { ...each(4, -1), $sort: -1 } } }, { a: [4, 3, -1] }],
    ['sorts without adding anything', { a: [89, 70, 100, 20] }, { $push: { a: { ...each(), $sort: -1 } } }, { a: [100, 89, 70, 20] }],
    ['sorts by a field, stably', { quizzes: [{ id: 1, score: 6 }, { id: 2, score: 9 }] }, { $push: { quizzes: { ...each({ id: 3, score: 8 }, { id: 4, score: 7 }, { id: 5, score: 6 }), $sort: { score: 1 } } } }, { quizzes: [{ id: 1, score: 6 }, { id: 5, score: 6 }, { id: 4, score: 7 }, { id: 3, score: 8 }, { id: 2, score: 9 }] }],
    ['sorts stably downwards, too', { a: [{ k: 1, n: 'a' }, { k: 1, n: 'b' }, { k: 2, n: 'c' }] }, { $push: { a: { ...each(), $sort: { k: -1 } } } }, { a: [{ k: 2, n: 'c' }, { k: 1, n: 'a' }, { k: 1, n: 'b' }] }],
    ['sorts by several fields', { a: [{ x: 1, y: 1 }, { x: 0, y: 2 }] }, { $push: { a: { ...each({ x: 1, y: 3 }), $sort: { x: -1, y: -1 } } } }, { a: [{ x: 1, y: 3 }, { x: 1, y: 1 }, { x: 0, y: 2 }] }],
    ['sorts by a path', { a: [{ x: { y: 2 } }] }, { $push: { a: { ...each({ x: { y: 1 } }), $sort: { 'x.y': 1 } } } }, { a: [{ x: { y: 1 } }, { x: { y: 2 } }] }],
    ['sorts by an element of an array', { a: [{ x: [9, 2] }] }, { $push: { a: { ...each({ x: [0, 1] }), $sort: { 'x.1': 1 } } } }, { a: [{ x: [0, 1] }, { x: [9, 2] }] }],
    ['counts a missing field as null, before all else', { a: [{ x: 1 }, { y: 1 }] }, { $push: { a: { ...each({ x: null }), $sort: { x: 1 } } } }, { a: [{ y: 1 }, { x: null }, { x: 1 }] }],
    ['counts elements that are no objects as lacking the field', { a: [3, 't', { b: 1 }, { a: 1 }] }, { $push: { a: { ...each(4, -1), $sort: { a: 1 } } } }, { a: [3, 't', { b: 1 }, 4, -1, { a: 1 }] }],
    ['orders mixed types as MongoDB does', { a: [3, 't', { b: 1 }, { a: 1 }] }, { $push: { a: { ...each(4, -1), $sort: 1 } } }, { a: [-1, 3, 4, 't', { a: 1 }, { b: 1 }] }],
    ['orders mixed types downwards', { a: [3, 't', { b: 1 }, { a: 1 }] }, { $push: { a: { ...each(4, -1), $sort: -1 } } }, { a: [{ b: 1 }, { a: 1 }, 't', 4, 3, -1] }],
    ['orders all types', { a: [true, false, [1], {}, 's', 1, null] }, { $push: { a: { ...each(), $sort: 1 } } }, { a: [null, 1, 's', {}, [1], false, true] }],
    ['compares numbers as numbers', { a: [10, 9, 100] }, { $push: { a: { ...each(), $sort: 1 } } }, { a: [9, 10, 100] }],
    ['sorts an array that it creates', {}, { $push: { a: { ...each(2, 1), $sort: 1 } } }, { a: [1, 2] }],
    ['does not see fields of the prototype', { a: [{ toString: 1 }, { b: 1 }] }, { $push: { a: { ...each(), $sort: { toString: 1 } } } }, { a: [{ b: 1 }, { toString: 1 }] }],
  ]);

  testRefused([
    ['0', { a: [] }, { $push: { a: { ...each(1), $sort: 0 } } }, /^\$sort takes the direction 1 \(ascending\) or -1/],
    ['a text', { a: [] }, { $push: { a: { ...each(1), $sort: 'x' } } }, /^\$sort takes the direction/],
    ['an array', { a: [] }, { $push: { a: { ...each(1), $sort: [{ a: 1 }] } } }, /^\$sort takes the direction/],
    ['null', { a: [] }, { $push: { a: { ...each(1), $sort: null } } }, /^\$sort takes the direction/],
    ['an empty object', { a: [] }, { $push: { a: { ...each(1), $sort: {} } } }, /at least one field/],
    ['another direction', { a: [] }, { $push: { a: { ...each(1), $sort: { a: 100 } } } }, /^\$sort takes the direction .* not 100/],
    ['an empty field', { a: [] }, { $push: { a: { ...each(1), $sort: { '': 1 } } } }, /empty segment/],
    ['an empty segment at the end', { a: [] }, { $push: { a: { ...each(1), $sort: { 'a.': 1 } } } }, /empty segment/],
    ['an empty segment at the front', { a: [] }, { $push: { a: { ...each(1), $sort: { '.b': 1 } } } }, /empty segment/],
    ['an empty segment in the middle', { a: [] }, { $push: { a: { ...each(1), $sort: { 'a..b': 1 } } } }, /empty segment/],
    ['more fields than the limit', { a: [] }, { $push: { a: { ...each(1), $sort: { a: 1, b: 1, c: 1, d: 1, e: 1 } } } }, /at most 4 fields/],
  ]);
});

describe('$push with several modifiers', () => {
  testApplied([
    [
      'adds, then sorts, then slices',
      { quizzes: [{ wk: 1, score: 10 }, { wk: 2, score: 8 }, { wk: 3, score: 5 }, { wk: 4, score: 6 }] },
      { $push: { quizzes: { ...each({ wk: 5, score: 8 }, { wk: 6, score: 7 }, { wk: 7, score: 6 }), $sort: { score: -1 }, $slice: 3 } } },
      { quizzes: [{ wk: 1, score: 10 }, { wk: 2, score: 8 }, { wk: 5, score: 8 }] },
    ],
    ['does so whatever their order in the request', { a: [3, 1] }, { $push: { a: { $slice: 2, $sort: 1, ...each(2) } } }, { a: [1, 2] }],
    ['sorts after inserting at a position', { a: [3, 1] }, { $push: { a: { ...each(2), $position: 0, $sort: 1 } } }, { a: [1, 2, 3] }],
    ['slices after inserting at a position', { a: [1, 2, 3] }, { $push: { a: { ...each(9), $position: 1, $slice: 2 } } }, { a: [1, 9] }],
    ['inserts at a position among equals before a stable sort', { a: [{ k: 1, n: 1 }, { k: 1, n: 2 }] }, { $push: { a: { ...each({ k: 1, n: 9 }), $position: 1, $sort: { k: 1 } } } }, { a: [{ k: 1, n: 1 }, { k: 1, n: 9 }, { k: 1, n: 2 }] }],
  ]);
});
