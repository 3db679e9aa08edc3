import { testApplied, testRefused } from './support.ts';

describe('$inc', () => {
  testApplied([
    ['adds to a number', { a: 10 }, { $inc: { a: 5 } }, { a: 15 }],
    ['takes a negative amount', { a: 10 }, { $inc: { a: -2 } }, { a: 8 }],
    ['goes below zero', { a: 1 }, { $inc: { a: -5 } }, { a: -4 }],
    ['takes a fraction', { a: 1 }, { $inc: { a: 0.5 } }, { a: 1.5 }],
    ['adds to a fraction', { a: 3.5 }, { $inc: { a: 1 } }, { a: 4.5 }],
    ['changes nothing by 0', { a: 5 }, { $inc: { a: 0 } }, { a: 5 }],
    ['sets a missing field to the amount', {}, { $inc: { a: 5 } }, { a: 5 }],
    ['creates the path of a missing field', {}, { $inc: { 'a.b.c': 6 } }, { a: { b: { c: 6 } } }],
    ['creates a field in an existing object', { a: { d: 5 } }, { $inc: { 'a.b.c': 6 } }, { a: { d: 5, b: { c: 6 } } }],
    ['reaches into an object', { metrics: { orders: 2, ratings: 3.5 } }, { $inc: { 'metrics.orders': 1 } }, { metrics: { orders: 3, ratings: 3.5 } }],
    ['reaches an element of an array', { a: [0, 1, 2] }, { $inc: { 'a.1': 6 } }, { a: [0, 7, 2] }],
    ['creates an element of an array', { a: [1] }, { $inc: { 'a.2': 6 } }, { a: [1, null, 6] }],
    ['changes several fields', { a: 1, b: 2 }, { $inc: { a: 1, b: -1, c: 3 } }, { a: 2, b: 1, c: 3 }],
    ['changes nothing when it names no field', { a: 1 }, { $inc: {} }, { a: 1 }],
    ['reaches the largest whole number that is exact', { a: 9007199254740990 }, { $inc: { a: 1 } }, { a: 9007199254740991 }],
    ['reaches the smallest', { a: -9007199254740990 }, { $inc: { a: -1 } }, { a: -9007199254740991 }],
    ['stores 0, not -0', { a: -1 }, { $inc: { a: 1 } }, { a: 0 }],
  ]);

  testRefused([
    ['a text', { a: '5' }, { $inc: { a: 1 } }, /^Cannot apply \$inc to a value of non-numeric type: the field .* is of type string/],
    ['null', { a: null }, { $inc: { a: 1 } }, /of type null/],
    ['a boolean', { a: true }, { $inc: { a: 1 } }, /of type boolean/],
    ['an object', { a: {} }, { $inc: { a: 1 } }, /of type object/],
    ['an array', { a: [1] }, { $inc: { a: 1 } }, /of type array/],
    ['an array by the name of its elements’ field', { a: [{ b: 1 }] }, { $inc: { 'a.b': 1 } }, /^Cannot create field "b"/],
    ['a path through a scalar', { a: 5 }, { $inc: { 'a.b': 5 } }, /^Cannot create field "b" in element \{"a": 5\}/],
    ['a path through null', { a: null }, { $inc: { 'a.b': 5 } }, /^Cannot create field "b" in element \{"a": null\}/],
    ['a text as amount', { a: 1 }, { $inc: { a: '1' } }, /^Cannot increment with the non-numeric argument "1"/],
    ['null as amount', { a: 1 }, { $inc: { a: null } }, /^Cannot increment/],
    ['a boolean as amount', { a: 1 }, { $inc: { a: true } }, /^Cannot increment/],
    ['an object as amount', { a: 1 }, { $inc: { a: { b: 1 } } }, /^Cannot increment/],
    ['an array as amount', { a: 1 }, { $inc: { a: [] } }, /^Cannot increment/],
    ['an amount beyond all doubles (1e999)', { a: 1 }, { $inc: { a: Infinity } }, /^Cannot increment/],
    ['a result beyond the exact whole numbers', { a: 9007199254740991 }, { $inc: { a: 1 } }, /cannot be stored exactly/],
    ['a result below the exact whole numbers', { a: -9007199254740991 }, { $inc: { a: -1 } }, /cannot be stored exactly/],
    ['a result beyond all doubles', { a: 1.7e308 }, { $inc: { a: 1.7e308 } }, /cannot be stored exactly/],
    ['a missing field’s amount beyond the exact whole numbers', {}, { $inc: { a: 2 ** 53 } }, /cannot be stored exactly/],
  ]);
});

describe('$mul', () => {
  testApplied([
    ['multiplies a number', { a: 10 }, { $mul: { a: 5 } }, { a: 50 }],
    ['takes a fraction', { a: 10 }, { $mul: { a: 0.25 } }, { a: 2.5 }],
    ['takes a negative number', { a: 3 }, { $mul: { a: -2 } }, { a: -6 }],
    ['changes nothing by 1', { a: 5 }, { $mul: { a: 1 } }, { a: 5 }],
    ['makes 0 by 0', { a: 5 }, { $mul: { a: 0 } }, { a: 0 }],
    ['sets a missing field to 0', { b: 1 }, { $mul: { a: 100 } }, { b: 1, a: 0 }],
    ['sets a missing field to 0 for a negative number, too', {}, { $mul: { a: -100 } }, { a: 0 }],
    ['creates the path of a missing field', {}, { $mul: { 'a.b': 2 } }, { a: { b: 0 } }],
    ['reaches into an object', { a: { b: 3 } }, { $mul: { 'a.b': 2 } }, { a: { b: 6 } }],
    ['reaches an element of an array', { a: [1, 2] }, { $mul: { 'a.1': 4 } }, { a: [1, 8] }],
    ['changes nothing when it names no field', { a: 1 }, { $mul: {} }, { a: 1 }],
    ['reaches the largest whole number that is exact', { a: -9007199254740991 }, { $mul: { a: -1 } }, { a: 9007199254740991 }],
  ]);

  testRefused([
    ['a text', { a: '5' }, { $mul: { a: 2 } }, /^Cannot apply \$mul to a value of non-numeric type/],
    ['null', { a: null }, { $mul: { a: 2 } }, /of type null/],
    ['a boolean', { a: false }, { $mul: { a: 2 } }, /of type boolean/],
    ['an object', { a: { b: 1 } }, { $mul: { a: 2 } }, /of type object/],
    ['an array', { a: [] }, { $mul: { a: 2 } }, /of type array/],
    ['a path through a scalar', { a: 'x' }, { $mul: { 'a.b': 5 } }, /^Cannot create field "b"/],
    ['an object as factor', { a: 1 }, { $mul: { a: { b: 6 } } }, /^Cannot multiply with the non-numeric argument/],
    ['an array as factor', { a: 1 }, { $mul: { a: [] } }, /^Cannot multiply/],
    ['a text as factor', { a: 1 }, { $mul: { a: '2' } }, /^Cannot multiply/],
    ['a result beyond the exact whole numbers', { a: 2 ** 40 }, { $mul: { a: 2 ** 40 } }, /cannot be stored exactly/],
    ['a result beyond all doubles', { a: 1.5e200 }, { $mul: { a: 1.5e200 } }, /cannot be stored exactly/],
  ]);
});

describe('$min', () => {
  testApplied([
    ['takes the lesser number', { low: 200 }, { $min: { low: 150 } }, { low: 150 }],
    ['leaves a lesser one', { low: 150 }, { $min: { low: 250 } }, { low: 150 }],
    ['leaves an equal one', { low: 150 }, { $min: { low: 150 } }, { low: 150 }],
    ['sets a missing field', {}, { $min: { low: 5 } }, { low: 5 }],
    ['sets a missing field to null', {}, { $min: { low: null } }, { low: null }],
    ['creates the path of a missing field', {}, { $min: { 'a.b': 5 } }, { a: { b: 5 } }],
    ['compares texts by their bytes', { a: 'b' }, { $min: { a: 'B' } }, { a: 'B' }],
    ['compares texts, not the numbers in them', { a: '9' }, { $min: { a: '10' } }, { a: '10' }],
    ['puts null before numbers', { a: 0 }, { $min: { a: null } }, { a: null }],
    ['leaves null, which is before numbers', { a: null }, { $min: { a: -5 } }, { a: null }],
    ['puts numbers before texts', { a: 'x' }, { $min: { a: 1000 } }, { a: 1000 }],
    ['puts texts before objects', { a: {} }, { $min: { a: 'zzz' } }, { a: 'zzz' }],
    ['puts objects before arrays', { a: [] }, { $min: { a: { z: 1 } } }, { a: { z: 1 } }],
    ['puts arrays before booleans', { a: false }, { $min: { a: [9] } }, { a: [9] }],
    ['puts false before true', { a: true }, { $min: { a: false } }, { a: false }],
    ['leaves a number against a boolean', { a: 5 }, { $min: { a: false } }, { a: 5 }],
    ['compares arrays element by element', { a: [1, 5] }, { $min: { a: [1, 4, 9] } }, { a: [1, 4, 9] }],
    ['puts the shorter of two arrays first', { a: [1, 2] }, { $min: { a: [1] } }, { a: [1] }],
    ['compares objects field by field', { a: { x: 2 } }, { $min: { a: { x: 1 } } }, { a: { x: 1 } }],
    ['compares the names of fields', { a: { y: 1 } }, { $min: { a: { x: 1 } } }, { a: { x: 1 } }],
    ['reaches an element of an array', { a: [5, 6] }, { $min: { 'a.1': 1 } }, { a: [5, 1] }],
    ['changes nothing when it names no field', { a: 1 }, { $min: {} }, { a: 1 }],
  ]);

  testRefused([
    ['a path through a scalar', { a: 1 }, { $min: { 'a.b': 5 } }, /^Cannot create field "b" in element \{"a": 1\}/],
    ['a path through null', { a: null }, { $min: { 'a.b': 5 } }, /^Cannot create field "b"/],
    ['a name below an array', { a: [1] }, { $min: { 'a.b': 5 } }, /^Cannot create field "b"/],
    ['an operand with an operator inside', { a: 1 }, { $min: { a: { $gt: 1 } } }, /cannot be stored: names that begin with \$/],
  ]);
});

describe('$max', () => {
  testApplied([
    ['takes the greater number', { high: 800 }, { $max: { high: 950 } }, { high: 950 }],
    ['leaves a greater one', { high: 950 }, { $max: { high: 870 } }, { high: 950 }],
    ['leaves an equal one', { high: 1 }, { $max: { high: 1 } }, { high: 1 }],
    ['sets a missing field', {}, { $max: { high: -5 } }, { high: -5 }],
    ['sets a missing field to null', {}, { $max: { high: null } }, { high: null }],
    ['puts numbers after null', { a: null }, { $max: { a: -1 } }, { a: -1 }],
    ['leaves a number against null', { a: -1 }, { $max: { a: null } }, { a: -1 }],
    ['puts texts after numbers', { a: 5 }, { $max: { a: '' } }, { a: '' }],
    ['puts objects after texts', { a: 'x' }, { $max: { a: {} } }, { a: {} }],
    ['puts arrays after objects', { a: { x: 1 } }, { $max: { a: [] } }, { a: [] }],
    ['puts booleans after everything else', { a: [1] }, { $max: { a: false } }, { a: false }],
    ['puts true after false', { a: false }, { $max: { a: true } }, { a: true }],
    ['puts characters beyond U+FFFF after all others', { a: '\uffee' }, { $max: { a: '\u{1f6a2}' } }, { a: '\u{1f6a2}' }],
    ['compares fractions', { a: 1.25 }, { $max: { a: 1.5 } }, { a: 1.5 }],
    ['reaches into an object', { a: { b: 1 } }, { $max: { 'a.b': 2 } }, { a: { b: 2 } }],
    ['changes nothing when it names no field', { a: 1 }, { $max: {} }, { a: 1 }],
  ]);

  testRefused([
    ['a path through a scalar', { a: 'x' }, { $max: { 'a.b': 5 } }, /^Cannot create field "b"/],
    ['a value too deep for a record', {}, { $max: { a: JSON.parse(`${'['.repeat(63)}${']'.repeat(63)}`) } }, /more than 64 levels deep/],
  ]);
});
