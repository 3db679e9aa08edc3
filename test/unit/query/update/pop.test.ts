import { testApplied, testRefused } from './support.ts';

describe('$pop', () => {
  testApplied([
    ['removes the first element at -1', { a: [8, 9, 10] }, { $pop: { a: -1 } }, { a: [9, 10] }],
    ['removes the last element at 1', { a: [9, 10] }, { $pop: { a: 1 } }, { a: [9] }],
    ['leaves an empty array after the last one', { a: [1] }, { $pop: { a: 1 } }, { a: [] }],
    ['leaves an empty array after the first one', { a: [[1]] }, { $pop: { a: -1 } }, { a: [] }],
    ['leaves an empty array alone', { a: [] }, { $pop: { a: 1 } }, { a: [] }],
    ['changes nothing when the field is missing', { b: [1] }, { $pop: { a: 1 } }, { b: [1] }],
    ['changes nothing when the path exists in part', { a: {} }, { $pop: { 'a.b.c': 1 } }, { a: {} }],
    ['creates nothing on the way', {}, { $pop: { 'a.b': 1 } }, {}],
    ['changes nothing for an element beyond the end', { a: [] }, { $pop: { 'a.0': 1 } }, { a: [] }],
    ['reaches into an object', { a: { b: [1, 2, 3] } }, { $pop: { 'a.b': 1 } }, { a: { b: [1, 2] } }],
    ['reaches an array in an array', { a: [[1, 2], [3]] }, { $pop: { 'a.0': -1 } }, { a: [[2], [3]] }],
    ['changes several arrays', { a: [1, 2], b: [3, 4] }, { $pop: { a: 1, b: -1 } }, { a: [1], b: [4] }],
    ['changes nothing when it names no field', { a: [1] }, { $pop: {} }, { a: [1] }],
  ]);

  testRefused([
    ['0', { a: [1] }, { $pop: { a: 0 } }, /^\$pop expects 1 \(the last element\) or -1 \(the first\), not 0/],
    ['2', { a: [1] }, { $pop: { a: 2 } }, /^\$pop expects/],
    ['a fraction', { a: [1] }, { $pop: { a: 1.1 } }, /^\$pop expects/],
    ['a text', { a: [1] }, { $pop: { a: '1' } }, /^\$pop expects/],
    ['a boolean', { a: [1] }, { $pop: { a: true } }, /^\$pop expects/],
    ['an object', { a: [1] }, { $pop: { a: { b: 1 } } }, /^\$pop expects/],
    ['an array', { a: [1] }, { $pop: { a: [1] } }, /^\$pop expects/],
    ['null as operand', { a: [1] }, { $pop: { a: null } }, /^\$pop expects/],
    ['a text in place of an array', { a: { b: 'foo' } }, { $pop: { 'a.b': 1 } }, /^Cannot apply \$pop to a non-array value: the field .* is of type string/],
    ['null in place of an array', { a: null }, { $pop: { a: 1 } }, /of type null/],
    ['an object in place of an array', { a: {} }, { $pop: { a: 1 } }, /of type object/],
    ['a path through a scalar', { a: 'foo' }, { $pop: { 'a.b': 1 } }, /^Cannot use the part "b" of "container_registry_metadata\.a\.b" to traverse the element \{"a": "foo"\}/],
    ['a path through null', { a: null }, { $pop: { 'a.b': 1 } }, /^Cannot use the part "b"/],
    ['a name below an array', { a: [[1]] }, { $pop: { 'a.b': 1 } }, /^Cannot use the part "b" .* addressed by number/],
  ]);
});
