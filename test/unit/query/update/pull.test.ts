import { limits } from '../../../../src/core/limits.ts';
import { after, METADATA, recordWith, refusalOf, testApplied, testRefused } from './support.ts';

const survey = { results: [{ item: 'A', score: 5 }, { item: 'B', score: 8, comment: 'Strongly agree' }] };

describe('$pull of a value', () => {
  testApplied([
    ['removes all elements equal to it', { a: [1, 2, 1, 2, 1] }, { $pull: { a: 1 } }, { a: [2, 2] }],
    ['removes a text', { flags: ['vme', 'msr', 'pae'] }, { $pull: { flags: 'msr' } }, { flags: ['vme', 'pae'] }],
    ['leaves an empty array', { a: [1, 1] }, { $pull: { a: 1 } }, { a: [] }],
    ['changes nothing when no element is equal', { a: [1, 2] }, { $pull: { a: 3 } }, { a: [1, 2] }],
    ['leaves an empty array alone', { a: [] }, { $pull: { a: 1 } }, { a: [] }],
    ['removes null', { a: [null, 1, null] }, { $pull: { a: null } }, { a: [1] }],
    ['leaves objects that lack all fields when it removes null', { a: [{}, null] }, { $pull: { a: null } }, { a: [{}] }],
    ['removes false, not 0 and null', { a: [false, 0, null, ''] }, { $pull: { a: false } }, { a: [0, null, ''] }],
    ['tells texts from numbers', { a: ['1', 1] }, { $pull: { a: 1 } }, { a: ['1'] }],
    ['removes an array that is equal, order included', { a: [[1, 2], [2, 1], 1, 2] }, { $pull: { a: [1, 2] } }, { a: [[2, 1], 1, 2] }],
    ['removes the empty array', { a: [[], [1]] }, { $pull: { a: [] } }, { a: [[1]] }],
    ['removes an array of objects that is equal, order of fields included', { a: [[{ x: 1, y: 2 }], [{ y: 2, x: 1 }]] }, { $pull: { a: [{ x: 1, y: 2 }] } }, { a: [[{ y: 2, x: 1 }]] }],
    ['does not look into nested arrays for a scalar', { a: [[1], 1] }, { $pull: { a: 1 } }, { a: [[1]] }],
    ['reaches into an object', { a: { b: [1, 2] } }, { $pull: { 'a.b': 1 } }, { a: { b: [2] } }],
    ['reaches an array in an array', { a: [[1, 2], [1]] }, { $pull: { 'a.0': 1 } }, { a: [[2], [1]] }],
    ['reaches an array in an object in an array', { a: [{ b: [1, 2] }] }, { $pull: { 'a.0.b': 2 } }, { a: [{ b: [1] }] }],
    ['pulls from several arrays', { a: [1, 2], b: [1, 2] }, { $pull: { a: 1, b: 2 } }, { a: [2], b: [1] }],
    ['changes nothing when the field is missing', { b: [1] }, { $pull: { a: 1 } }, { b: [1] }],
    ['creates nothing on the way', {}, { $pull: { 'a.b.c': 1 } }, {}],
    ['changes nothing when the path exists in part', { a: { b: {} } }, { $pull: { 'a.b.c.d': 1 } }, { a: { b: {} } }],
    ['changes nothing for an element beyond the end', { a: [] }, { $pull: { 'a.3': 1 } }, { a: [] }],
    ['changes nothing when it names no field', { a: [1] }, { $pull: {} }, { a: [1] }],
  ]);

  testRefused([
    ['a text in place of an array', { a: 'foo' }, { $pull: { a: 'f' } }, /^Cannot apply \$pull to a non-array value: the field .* is of type string/],
    ['an object in place of an array', { a: { foo: 'bar' } }, { $pull: { a: 1 } }, /of type object/],
    ['null in place of an array', { a: null }, { $pull: { a: 1 } }, /of type null/],
    ['a path through a scalar', { a: 1 }, { $pull: { 'a.b': 1 } }, /^Cannot use the part "b" of "container_registry_metadata\.a\.b" to traverse the element \{"a": 1\}/],
    ['a path through null', { a: null }, { $pull: { 'a.b': 1 } }, /^Cannot use the part "b"/],
    ['a name below an array', { a: [{ b: [1] }] }, { $pull: { 'a.b': 1 } }, /^Cannot use the part "b"/],
  ]);
});

describe('$pull by operators', () => {
  testApplied([
    ['removes what is at least a number', { votes: [3, 5, 6, 7, 7, 8] }, { $pull: { votes: { $gte: 6 } } }, { votes: [3, 5] }],
    ['removes what is less than a number', { a: [0, 1, 0, 2, 0, 3] }, { $pull: { a: { $lt: 1 } } }, { a: [1, 2, 3] }],
    ['removes all when all match', { a: [0, -1, -2] }, { $pull: { a: { $lt: 1 } } }, { a: [] }],
    ['removes any of several values', { fruits: ['apples', 'pears', 'oranges', 'grapes'] }, { $pull: { fruits: { $in: ['apples', 'oranges'] } } }, { fruits: ['pears', 'grapes'] }],
    ['removes any of several objects, whole', { a: [{ x: 1 }, { y: 'y' }, { x: 2 }, { x: 1, z: 1 }] }, { $pull: { a: { $in: [{ x: 1 }, { y: 'y' }] } } }, { a: [{ x: 2 }, { x: 1, z: 1 }] }],
    ['removes all but several values', { a: ['x', 'y', 'z'] }, { $pull: { a: { $nin: ['x'] } } }, { a: ['x'] }],
    ['removes what is between two numbers', { a: [1, 5, 9] }, { $pull: { a: { $gt: 1, $lt: 9 } } }, { a: [1, 9] }],
    ['removes what is equal', { a: [1, 2] }, { $pull: { a: { $eq: 1 } } }, { a: [2] }],
    ['removes an object that is equal, order of fields included', { a: [{ x: 1, y: 2 }, { y: 2, x: 1 }] }, { $pull: { a: { $eq: { x: 1, y: 2 } } } }, { a: [{ y: 2, x: 1 }] }],
    ['removes what is not equal', { a: [1, 2, 'x'] }, { $pull: { a: { $ne: 1 } } }, { a: [1] }],
    ['removes what does not fulfil a condition', { a: [1, 5, 'x'] }, { $pull: { a: { $not: { $gt: 2 } } } }, { a: [5] }],
    ['removes by a pattern', { a: ['b', 'a', 'aab', 'cb'] }, { $pull: { a: { $regex: 'a' } } }, { a: ['b', 'cb'] }],
    ['removes by a pattern with options', { a: ['X1', 'x2', 'y'] }, { $pull: { a: { $regex: '^x', $options: 'i' } } }, { a: ['y'] }],
    ['removes by type', { a: [1, 'x', null, {}] }, { $pull: { a: { $type: 'string' } } }, { a: [1, null, {}] }],
    ['removes by remainder', { a: [1, 2, 3, 4] }, { $pull: { a: { $mod: [2, 0] } } }, { a: [1, 3] }],
    ['removes every element that exists', { a: [1, null] }, { $pull: { a: { $exists: true } } }, { a: [] }],
    ['compares within one type only', { a: [1, '9', null, true] }, { $pull: { a: { $gte: 0 } } }, { a: ['9', null, true] }],
    ['looks into an element that is an array', { a: [[1, 7], [2], 3] }, { $pull: { a: { $gte: 6 } } }, { a: [[2], 3] }],
    ['removes arrays by their size', { a: [[1], [1, 2], 1] }, { $pull: { a: { $size: 2 } } }, { a: [[1], 1] }],
    ['removes arrays that have all values', { a: [[1, 2], [1], 1] }, { $pull: { a: { $all: [1, 2] } } }, { a: [[1], 1] }],
    ['removes arrays by an element', { a: [[1, 2], [3]] }, { $pull: { a: { $elemMatch: { $gt: 2 } } } }, { a: [[1, 2]] }],
    ['finds no array in objects for $elemMatch', survey, { $pull: { results: { $elemMatch: { score: 8, item: 'B' } } } }, survey],
  ]);
});

describe('$pull by fields', () => {
  testApplied([
    ['removes objects that have all the values', survey, { $pull: { results: { score: 8, item: 'B' } } }, { results: [{ item: 'A', score: 5 }] }],
    ['lets objects have more fields, in any order', { a: [{ x: 1, y: 2 }, { z: 0, x: 1 }, { x: 2 }] }, { $pull: { a: { x: 1 } } }, { a: [{ x: 2 }] }],
    ['leaves objects that have only some of the values', survey, { $pull: { results: { score: 8, item: 'A' } } }, survey],
    ['leaves elements that are no objects', { a: [1, 'x', [1], null, { x: 1 }] }, { $pull: { a: { x: 1 } } }, { a: [1, 'x', [1], null] }],
    ['leaves arrays of objects', { a: [[{ x: 1 }], { x: 1 }] }, { $pull: { a: { x: 1 } } }, { a: [[{ x: 1 }]] }],
    ['removes all objects for the empty condition, and nothing else', { a: [1, {}, { x: 1 }, 'x', []] }, { $pull: { a: {} } }, { a: [1, 'x', []] }],
    ['takes operators on fields', { a: [{ score: 5 }, { score: 8 }, { item: 1 }] }, { $pull: { a: { score: { $gte: 8 } } } }, { a: [{ score: 5 }, { item: 1 }] }],
    ['takes paths', { a: [{ x: { y: 1 } }, { x: { y: 2 } }] }, { $pull: { a: { 'x.y': 1 } } }, { a: [{ x: { y: 2 } }] }],
    ['compares embedded objects whole', { a: [{ x: { y: 1 } }, { x: { y: 1, z: 2 } }] }, { $pull: { a: { x: { y: 1 } } } }, { a: [{ x: { y: 1, z: 2 } }] }],
    ['finds a missing field by null', { a: [{ x: null }, { y: 1 }, { x: 1 }] }, { $pull: { a: { x: null } } }, { a: [{ x: 1 }] }],
    ['finds a missing field by $exists', { a: [{ x: null }, { y: 1 }] }, { $pull: { a: { x: { $exists: false } } } }, { a: [{ x: null }] }],
    ['looks into arrays of the objects', { a: [{ tags: ['x', 'y'] }, { tags: ['z'] }] }, { $pull: { a: { tags: 'x' } } }, { a: [{ tags: ['z'] }] }],
    ['joins conditions with $or', { a: [{ x: 1 }, { y: 'y' }, { x: 2 }, { z: 'z' }] }, { $pull: { a: { $or: [{ y: { $exists: true } }, { z: { $exists: true } }] } } }, { a: [{ x: 1 }, { x: 2 }] }],
    ['joins conditions with $and', { a: [{ x: 1, y: 1 }, { x: 1 }] }, { $pull: { a: { $and: [{ x: 1 }, { y: 1 }] } } }, { a: [{ x: 1 }] }],
    ['joins conditions with $nor', { a: [{ x: 1 }, { x: 2 }, 3] }, { $pull: { a: { $nor: [{ x: 1 }] } } }, { a: [{ x: 1 }, 3] }],
    [
      'looks for one element of a nested array with $elemMatch',
      { results: [{ item: 'A', answers: [{ q: 1, a: 4 }, { q: 2, a: 6 }] }, { item: 'B', answers: [{ q: 1, a: 8 }, { q: 2, a: 9 }] }] },
      { $pull: { results: { answers: { $elemMatch: { q: 2, a: { $gte: 8 } } } } } },
      { results: [{ item: 'A', answers: [{ q: 1, a: 4 }, { q: 2, a: 6 }] }] },
    ],
    ['takes any field, not only those of a record', { a: [{ meta: 1 }, { meta: 2 }] }, { $pull: { a: { meta: 1 } } }, { a: [{ meta: 2 }] }],
  ]);
});

describe('$pull', () => {
  it.each([
    ['an unknown operator', { $foo: 1 }, 'OPERATOR_NOT_ALLOWED', '$pull.container_registry_tags.$foo'],
    ['an unknown operator on a field', { b: { $foo: 1 } }, 'OPERATOR_NOT_ALLOWED', '$pull.container_registry_tags.b.$foo'],
    ['$text', { $text: { $search: 'x' } }, 'OPERATOR_NOT_ALLOWED', '$pull.container_registry_tags.$text'],
    ['$where', { $where: 'true' }, 'OPERATOR_NOT_ALLOWED', '$pull.container_registry_tags.$where'],
    ['$expr', { $expr: { $eq: [5, 5] } }, 'OPERATOR_NOT_ALLOWED', '$pull.container_registry_tags.$expr'],
    ['$jsonSchema', { $jsonSchema: {} }, 'OPERATOR_NOT_ALLOWED', '$pull.container_registry_tags.$jsonSchema'],
    ['an operator beside fields', { b: 1, $gt: 1 }, 'INVALID_FILTER', '$pull.container_registry_tags.$gt'],
    ['a field beside operators', { $gt: 1, b: 1 }, 'INVALID_FILTER', '$pull.container_registry_tags.b'],
    ['an operand of the wrong type', { $in: 'x' }, 'INVALID_FILTER', '$pull.container_registry_tags.$in'],
    ['a path into a prototype', { 'b.constructor.name': 1 }, 'INVALID_FILTER', '$pull.container_registry_tags.b.constructor.name'],
    ['a field named __proto__', JSON.parse('{"__proto__": {"x": 1}}'), 'INVALID_UPDATE', '$pull.container_registry_tags.__proto__'],
    ['a value named __proto__ in an array', [JSON.parse('{"__proto__": 1}')], 'INVALID_UPDATE', '$pull.container_registry_tags.0.__proto__'],
  ])('refuses %s and names the place', (_, condition: unknown, code, path) => {
    const error = refusalOf(() => after(recordWith({}), { $pull: { container_registry_tags: condition } }));
    expect(error.status).toBe(400);
    expect(error.code).toBe(code);
    expect(error.details[0]?.path).toBe(path);
  });

  it('refuses conditions that are long to compile before it compiles any', () => {
    const patterns = Array.from({ length: 150 }, () => ({ x: { $regex: '(?:a{40}){40}' } }));
    const startMs = performance.now();
    const error = refusalOf(() => after(recordWith({}), { $pull: { [`${METADATA}.a`]: { $or: patterns } } }));
    expect(error.code).toBe('LIMIT_EXCEEDED');
    expect(error.details[0]?.path).toBe('$pull');
    expect(performance.now() - startMs).toBeLessThan(500);
  });

  it('refuses long conditions on large arrays before it looks at any element', () => {
    const record = recordWith({ a: Array.from({ length: 100 }, () => 'a'.repeat(10_000)) });
    const slow = { $pull: { [`${METADATA}.a`]: { $regex: '(?:a{30}b?){30}c' } } };
    const error = refusalOf(() => after(record, slow));
    expect(error.code).toBe('LIMIT_EXCEEDED');
    expect(error.message).toMatch(/too long for arrays as large as these/);
  });

  it('takes as many values in $in as filters do', () => {
    const values = Array.from({ length: limits.filterArrayMax }, (_, index) => index);
    const record = recordWith({ a: [...values, 'kept'] });
    expect(after(record, { $pull: { [`${METADATA}.a`]: { $in: values } } })[METADATA]).toEqual({ a: ['kept'] });
  });
});
