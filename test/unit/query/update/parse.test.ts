import { limits } from '../../../../src/core/limits.ts';
import { RECORD_FIELDS } from '../../../../src/core/record.ts';
import { parseUpdate } from '../../../../src/query/update/parse.ts';
import { comparePaths } from '../../../../src/query/update/update-path.ts';
import { after, METADATA, recordWith, refusalOf } from './support.ts';

const refused = (input: unknown): ReturnType<typeof refusalOf> => refusalOf(() => parseUpdate(input));

describe('the shape of an update', () => {
  it.each([
    ['null', null],
    ['a number', 1],
    ['a text', '{}'],
    ['a boolean', true],
    ['nothing', undefined],
  ])('refuses %s', (_, input) => {
    expect(refused(input)).toMatchObject({ code: 'INVALID_UPDATE', message: expect.stringContaining('must be a JSON object') });
  });

  it('takes an empty object for no operation', () => {
    expect(parseUpdate({}).operations).toEqual([]);
  });

  it('takes operators without fields for no operation', () => {
    expect(parseUpdate({ $set: {}, $unset: {}, $inc: {}, $push: {}, $rename: {} }).operations).toEqual([]);
  });

  it('refuses operators and fields at once, naming both', () => {
    const error = refused({ $set: { container_registry_name: 'x' }, container_registry_tags: [] });
    expect(error.code).toBe('INVALID_UPDATE');
    expect(error.message).toMatch(/mixes the operator "\$set" with the field "container_registry_tags"/);
    expect(error.details[0]?.path).toBe('container_registry_tags');
  });

  it.each(['$setOnInsert', '$currentDate', '$bit', '$pullAll', '$pushAll', '$replaceWith', '$where', '$each', '$', '$SET', '$set '])(
    'refuses the operator %s by name and lists those that exist',
    (operator) => {
      const error = refused({ [operator]: { container_registry_name: 'x' } });
      expect(error.code).toBe('OPERATOR_NOT_ALLOWED');
      expect(error.status).toBe(400);
      expect(error.message).toContain(JSON.stringify(operator));
      expect(error.message).toContain('$set, $unset, $inc, $mul, $min, $max, $push, $addToSet, $pull, $pop, $rename');
      expect(error.details[0]?.path).toBe(operator);
    },
  );

  it.each([
    ['upsert', { upsert: true }],
    ['upsert', { $set: { container_registry_name: 'x' }, upsert: true }],
    ['arrayFilters', { $set: { container_registry_name: 'x' }, arrayFilters: [{ e: 1 }] }],
    ['multi', { $set: { container_registry_name: 'x' }, multi: true }],
  ])('refuses the driver’s option %s by name', (option, input) => {
    const error = refused(input);
    expect(error.code).toBe('INVALID_UPDATE');
    expect(error.message).toContain(`"${option}" is not offered`);
    expect(error.details[0]?.path).toBe(option);
  });

  it.each([
    ['a number', 5],
    ['a text', 'x'],
    ['an array', [{ container_registry_name: 'x' }]],
    ['null', null],
  ])('refuses %s as the operand of an operator', (_, operand) => {
    const error = refused({ $set: operand });
    expect(error).toMatchObject({ code: 'INVALID_UPDATE', message: expect.stringMatching(/^\$set takes an object/) });
    expect(error.details[0]?.path).toBe('$set');
  });
});

describe('where the paths of an update begin', () => {
  it.each(RECORD_FIELDS.filter((field) => field !== 'container_registry_id'))('may begin with %s', (field) => {
    expect(() => parseUpdate({ $set: { [field]: 'x' } })).not.toThrow();
    expect(() => parseUpdate({ [field]: 'x' })).not.toThrow();
  });

  it.each(['meta', 'health', 'meta.revision', 'health.status'])('refuses %s, which is read-only', (path) => {
    const error = refused({ $set: { [path]: 1 } });
    expect(error.code).toBe('INVALID_UPDATE');
    expect(error.message).toContain('meta and health are read-only');
    expect(error.details[0]?.path).toBe(`$set.${path}`);
  });

  it.each(['_id', 'name', 'Container_registry_name', 'container_registry_names', 'toString', '0'])('refuses %s and says which fields exist', (field) => {
    for (const input of [{ $set: { [field]: 1 } }, { $unset: { [field]: 1 } }, { [field]: 1 }]) {
      const error = refused(input);
      expect(error.code).toBe('INVALID_UPDATE');
      expect(error.message).toContain(`"${field}" is not a field of a record`);
      expect(error.message).toContain(RECORD_FIELDS.join(', '));
    }
  });

  it.each(['meta', 'health'])('refuses %s as a field to replace, which is read-only', (field) => {
    expect(refused({ [field]: {} }).message).toContain('read-only');
  });

  it('refuses a path as a field to replace, and says how to write it', () => {
    const error = refused({ 'container_registry_metadata.owner': 'x' });
    expect(error.message).toContain('{"$set": {"container_registry_metadata.owner": …}}');
    expect(error.details[0]?.path).toBe('container_registry_metadata.owner');
  });
});

describe('the segments of a path', () => {
  it.each(['', '.', 'container_registry_metadata.', '.container_registry_metadata', 'container_registry_metadata..a'])('refuses %j, which has an empty segment', (path) => {
    expect(refused({ $set: { [path]: 1 } })).toMatchObject({ code: 'INVALID_UPDATE', message: expect.stringContaining('empty segment') });
  });

  it.each(['a.$', 'a.$[]', 'a.$[elem]', 'a.$[elem].b', '$a', 'a.$.b'])('refuses the positional path %s', (path) => {
    const error = refused({ $set: { [`${METADATA}.${path}`]: 1 } });
    expect(error).toMatchObject({ code: 'INVALID_UPDATE', message: expect.stringContaining('positional operators are not offered') });
  });

  it.each(['__proto__', 'constructor', 'prototype', '_bsontype', 'a\0b', 'a\ud800'])('refuses the name %j anywhere in a path', (name) => {
    for (const path of [`${METADATA}.${name}`, `${METADATA}.a.${name}`, `${METADATA}.${name}.a`]) {
      expect(refused({ $set: { [path]: 1 } }).code).toBe('INVALID_UPDATE');
    }
  });

  it('takes as many segments as the limit says, and no more', () => {
    const path = (segments: number): string => [METADATA, ...new Array<string>(segments - 1).fill('a')].join('.');
    expect(() => parseUpdate({ $set: { [path(limits.pathSegmentsMax)]: 1 } })).not.toThrow();
    expect(refused({ $set: { [path(limits.pathSegmentsMax + 1)]: 1 } }).code).toBe('LIMIT_EXCEEDED');
  });

  it('repeats only the beginning of an enormous path', () => {
    const error = refused({ $set: { ['x'.repeat(1_000_000)]: 1 } });
    expect(error.message.length).toBeLessThan(1_000);
    expect(error.details[0]?.path.length).toBeLessThan(200);
  });
});

describe('the values of an update', () => {
  const values: readonly (readonly [string, unknown, RegExp])[] = [
    ['a key that begins with $', { $x: 1 }, /names that begin with \$/],
    ['a key that begins with $, deep within', { a: [{ b: { $date: 'x' } }] }, /"\$date" cannot be stored/],
    ['an own key __proto__', JSON.parse('{"a": {"__proto__": {"x": 1}}}'), /"__proto__", which is reserved by JavaScript/],
    ['a key constructor', { a: { constructor: 1 } }, /"constructor", which is reserved/],
    ['a key prototype', [{ prototype: {} }], /"prototype", which is reserved/],
    ['a key with NUL', { 'a\0': 1 }, /NUL character/],
    ['a key that is not Unicode', { '\udc00': 1 }, /surrogate pair/],
    ['a text that is not Unicode', { a: '\ud83d' }, /surrogate pair/],
    ['a number beyond all doubles', JSON.parse('[1e999]'), /number too large/],
    ['a number below all doubles', JSON.parse('{"a": -1e999}'), /number too large/],
    ['what JSON cannot hold', { a: undefined }, /not a JSON value/],
    ['a bigint', [1n], /not a JSON value/],
  ];

  it.each(values)('refuses %s in every operator that stores it', (_, value, message) => {
    for (const update of [
      { $set: { container_registry_metadata: value } },
      { $min: { container_registry_metadata: value } },
      { $max: { container_registry_metadata: value } },
      { $push: { container_registry_tags: [value] } },
      { $push: { container_registry_tags: { $each: [value] } } },
      { $addToSet: { container_registry_tags: [value] } },
      { $addToSet: { container_registry_tags: { $each: [0, value] } } },
      { container_registry_metadata: value },
    ]) {
      const error = refused(update);
      expect(error.code).toBe('INVALID_UPDATE');
      expect(error.message).toMatch(message);
    }
  });

  it('names the place of a value that is refused', () => {
    expect(refused({ $set: { container_registry_metadata: { a: [0, { $b: 1 }] } } }).details[0]?.path).toBe('$set.container_registry_metadata.a.1.$b');
    expect(refused({ container_registry_metadata: { a: { prototype: 1 } } }).details[0]?.path).toBe('container_registry_metadata.a.prototype');
  });

  it.each(['$unset', '$pull'])('refuses prototype names in the operand of %s, too', (operator) => {
    expect(refused({ [operator]: { container_registry_tags: JSON.parse('{"a": {"__proto__": 1}}') } }).code).toBe('INVALID_UPDATE');
  });
});

describe('conflicting paths', () => {
  const conflicts: readonly (readonly [string, object, string])[] = [
    ['one path in two operators', { $set: { container_registry_name: 'x' }, $unset: { container_registry_name: '' } }, 'container_registry_name'],
    ['one nested path in two operators', { $set: { [`${METADATA}.a`]: 1 }, $inc: { [`${METADATA}.a`]: 1 } }, `${METADATA}.a`],
    ['a path around an earlier one', { $set: { [`${METADATA}.a.b`]: 1, [`${METADATA}.a`]: 1 } }, `${METADATA}.a`],
    ['a path within an earlier one', { $set: { [`${METADATA}.a`]: 1, [`${METADATA}.a.b`]: 1 } }, `${METADATA}.a`],
    ['a path within a whole field', { $set: { [METADATA]: {} }, $push: { [`${METADATA}.a.b.c`]: 1 } }, METADATA],
    ['a whole field around a path', { $push: { [`${METADATA}.a.b.c`]: 1 }, $set: { [METADATA]: {} } }, METADATA],
    ['an element and its array', { $set: { 'container_registry_tags.0': 'x' }, $push: { container_registry_tags: 'y' } }, 'container_registry_tags'],
    ['an array and its element', { $push: { container_registry_tags: 'y' }, $set: { 'container_registry_tags.0': 'x' } }, 'container_registry_tags'],
    ['the old name of a rename', { $rename: { [`${METADATA}.a`]: `${METADATA}.b` }, $set: { [`${METADATA}.a`]: 1 } }, `${METADATA}.a`],
    ['the new name of a rename', { $rename: { [`${METADATA}.a`]: `${METADATA}.b` }, $set: { [`${METADATA}.b`]: 1 } }, `${METADATA}.b`],
    ['a path within the old name of a rename', { $inc: { [`${METADATA}.a.n`]: 1 }, $rename: { [`${METADATA}.a`]: `${METADATA}.b` } }, `${METADATA}.a`],
    ['two renames to one name', { $rename: { [`${METADATA}.a`]: `${METADATA}.c`, [`${METADATA}.b`]: `${METADATA}.c` } }, `${METADATA}.c`],
    ['a chain of renames', { $rename: { [`${METADATA}.a`]: `${METADATA}.b`, [`${METADATA}.b`]: `${METADATA}.c` } }, `${METADATA}.b`],
    ['a rename to itself', { $rename: { [`${METADATA}.a`]: `${METADATA}.a` } }, `${METADATA}.a`],
  ];

  it.each(conflicts)('refuses %s', (_, update, at) => {
    const error = refused(update);
    expect(error.code).toBe('INVALID_UPDATE');
    expect(error.message).toMatch(/^Updating the path ".*" would create a conflict at "/);
    expect(error.message).toContain(`would create a conflict at "${at}"`);
  });

  it.each([
    ['neighbours', { $set: { [`${METADATA}.a.b`]: 1 }, $unset: { [`${METADATA}.a.c`]: 1 } }],
    ['names of which one begins with the other', { $set: { [`${METADATA}.a`]: 1, [`${METADATA}.ab`]: 1 } }],
    ['elements of one array', { $set: { 'container_registry_tags.0': 'x' }, $inc: { 'container_registry_tags.1': 1 } }],
    ['names that differ in case', { $set: { [`${METADATA}.a`]: 1, [`${METADATA}.A`]: 1 } }],
  ])('takes %s', (_, update) => {
    expect(parseUpdate(update).operations).toHaveLength(2);
  });

  it('takes as many paths as the limit says, and no more', () => {
    const update = (paths: number): object => ({ $set: Object.fromEntries(Array.from({ length: paths }, (_, index) => [`${METADATA}.f${index}`, 1])) });
    expect(parseUpdate(update(limits.updatePathsMax)).operations).toHaveLength(limits.updatePathsMax);
    expect(refused(update(limits.updatePathsMax + 1)).code).toBe('LIMIT_EXCEEDED');
  });

  it('counts both ends of a rename', () => {
    const renames = Array.from({ length: limits.updatePathsMax / 2 + 1 }, (_, index) => [`${METADATA}.a${index}`, `${METADATA}.b${index}`]);
    expect(refused({ $rename: Object.fromEntries(renames) }).code).toBe('LIMIT_EXCEEDED');
  });
});

describe('the order of operations', () => {
  const written = (update: object): string[] =>
    parseUpdate(update).operations.map((operation) => (operation.operator === '$rename' ? operation.to : operation.path).join('.'));

  it('is that of the paths, whatever the operators and their order', () => {
    const paths = written({ $unset: { [`${METADATA}.c`]: 1 }, $set: { [`${METADATA}.b`]: 1, container_registry_config: {} }, $inc: { [`${METADATA}.a.z`]: 1 } });
    expect(paths).toEqual(['container_registry_config', `${METADATA}.a.z`, `${METADATA}.b`, `${METADATA}.c`]);
  });

  it('puts a rename where its new name belongs', () => {
    expect(written({ $set: { [`${METADATA}.b`]: 1 }, $rename: { [`${METADATA}.z`]: `${METADATA}.a` } })).toEqual([`${METADATA}.a`, `${METADATA}.b`]);
  });

  it('compares numbers by value and names by their bytes', () => {
    const names = ['10', '9', 'b', 'a', 'B', '0', '01', '\u{1f6a2}', '\uffee'];
    expect(names.map((name) => [name]).sort(comparePaths).flat()).toEqual(['0', '9', '10', '01', 'B', 'a', 'b', '\uffee', '\u{1f6a2}']);
  });

  it('puts a path before those within it', () => {
    expect(comparePaths(['a'], ['a', 'b'])).toBeLessThan(0);
    expect(comparePaths(['a', 'b'], ['a'])).toBeGreaterThan(0);
    expect(comparePaths(['a', 'b'], ['a', 'b'])).toBe(0);
  });
});

describe('the id', () => {
  const ID = 'container_registry_id';

  it.each([
    ['$set', { $set: { [ID]: 'internal-1', container_registry_name: 'new' } }],
    ['a plain object', { [ID]: 'internal-1', container_registry_name: 'new' }],
  ])('may be repeated in %s', (_, update) => {
    const record = recordWith({});
    expect(after(record, update)).toEqual({ ...record, container_registry_name: 'new' });
  });

  it.each([
    ['$set', { $set: { [ID]: 'other' } }],
    ['$set of another type', { $set: { [ID]: 1 } }],
    ['$set of null', { $set: { [ID]: null } }],
    ['a plain object', { [ID]: 'other' }],
    ['$set below it', { $set: { [`${ID}.a`]: 1 } }],
    ['$unset', { $unset: { [ID]: '' } }],
    ['$inc', { $inc: { [ID]: 1 } }],
    ['$mul', { $mul: { [ID]: 1 } }],
    ['$min', { $min: { [ID]: 'a' } }],
    ['$max', { $max: { [ID]: 'z' } }],
    ['$min, even to itself', { $min: { [ID]: 'internal-1' } }],
    ['$push', { $push: { [ID]: 'a' } }],
    ['$addToSet', { $addToSet: { [ID]: 'a' } }],
    ['$pull', { $pull: { [ID]: 'a' } }],
    ['$pop', { $pop: { [ID]: 1 } }],
    ['$rename from it', { $rename: { [ID]: 'container_registry_name' } }],
    ['$rename to it', { $rename: { container_registry_name: ID } }],
    ['$rename from below it', { $rename: { [`${ID}.a`]: `${METADATA}.a` } }],
    ['$rename of a missing field to it', { $rename: { [`${METADATA}.missing`]: ID } }],
  ])('may not be changed by %s', (_, update) => {
    const record = recordWith({ a: 1 });
    const error = refusalOf(() => after(record, update));
    expect(error.code).toBe('IMMUTABLE_FIELD');
    expect(error.status).toBe(400);
    expect(error.details).toHaveLength(1);
  });
});
