import { after, METADATA, recordWith, testApplied, testRefused } from './support.ts';

describe('$set', () => {
  testApplied([
    ['replaces the value of a field', { a: 1, b: 2 }, { $set: { a: 5 } }, { a: 5, b: 2 }],
    ['keeps the place of a field among its neighbours', { a: 1, b: 2, c: 3 }, { $set: { b: 9 } }, { a: 1, b: 9, c: 3 }],
    ['adds a missing field at the end', { a: 1 }, { $set: { b: 2 } }, { a: 1, b: 2 }],
    ['adds several missing fields in the order of their names', {}, { $set: { c: 3, a: 1, b: 2 } }, { a: 1, b: 2, c: 3 }],
    ['may set several fields', { a: 1 }, { $set: { a: 2, b: { c: 1 } } }, { a: 2, b: { c: 1 } }],
    ['changes nothing when it names no field', { a: 1 }, { $set: {} }, { a: 1 }],
    ['changes nothing when the value is already there', { a: { b: [1, { c: 2 }] } }, { $set: { a: { b: [1, { c: 2 }] } } }, { a: { b: [1, { c: 2 }] } }],
    ['takes another order of keys for another value', { a: { x: 1, y: 2 } }, { $set: { a: { y: 2, x: 1 } } }, { a: { y: 2, x: 1 } }],
    ['replaces an object whole', { a: { x: 1, y: 2 } }, { $set: { a: { z: 3 } } }, { a: { z: 3 } }],
    ['replaces an array whole', { a: [1, 2, 3] }, { $set: { a: [4] } }, { a: [4] }],
    ['stores an array in place of a scalar', { a: 1 }, { $set: { a: [] } }, { a: [] }],
    ['stores null', { a: 1 }, { $set: { a: null } }, { a: null }],
    ['stores false, zero and the empty text', {}, { $set: { a: false, b: 0, c: '' } }, { a: false, b: 0, c: '' }],
    ['replaces null', { a: null }, { $set: { a: 1 } }, { a: 1 }],
    ['stores keys with dots inside a value', {}, { $set: { labels: { 'app.kubernetes.io/name': 'zot' } } }, { labels: { 'app.kubernetes.io/name': 'zot' } }],
    ['reaches into an embedded object', { a: { b: 1, c: 2 } }, { $set: { 'a.b': 3 } }, { a: { b: 3, c: 2 } }],
    ['adds to an embedded object', { a: { b: 1 } }, { $set: { 'a.c': 2 } }, { a: { b: 1, c: 2 } }],
    ['creates the objects that a path needs', {}, { $set: { 'a.b.c': 1 } }, { a: { b: { c: 1 } } }],
    ['creates the rest of a path that exists in part', { a: { x: 0 } }, { $set: { 'a.b.c': 1 } }, { a: { x: 0, b: { c: 1 } } }],
    ['creates objects shared by several paths once', {}, { $set: { 'a.c': 2, 'a.b': 1 } }, { a: { b: 1, c: 2 } }],
    ['takes a number for a name where there is nothing yet: an object, not an array', {}, { $set: { 'a.0': 1 } }, { a: { 0: 1 } }],
    ['takes a number for a name in an object', { a: { 1: 'x' } }, { $set: { 'a.1': 'y' } }, { a: { 1: 'y' } }],
    ['creates an object below a number that is a name', {}, { $set: { 'a.0.b': 1 } }, { a: { 0: { b: 1 } } }],
    ['replaces an element of an array', { a: [1, 2, 3] }, { $set: { 'a.1': 9 } }, { a: [1, 9, 3] }],
    ['replaces the first element', { a: [1] }, { $set: { 'a.0': 9 } }, { a: [9] }],
    ['adds an element at the end of an array', { a: [1] }, { $set: { 'a.1': 2 } }, { a: [1, 2] }],
    ['adds an element to an empty array', { a: [] }, { $set: { 'a.0': 1 } }, { a: [1] }],
    ['fills an array with nulls up to the element named', { a: [1] }, { $set: { 'a.4': 5 } }, { a: [1, null, null, null, 5] }],
    ['processes numbers by value, so 2 before 10', { a: [] }, { $set: { 'a.10': 'x', 'a.2': 'y' } }, { a: [null, null, 'y', null, null, null, null, null, null, null, 'x'] }],
    ['reaches into an object in an array', { a: [{ b: 1 }, { b: 2 }] }, { $set: { 'a.1.b': 3 } }, { a: [{ b: 1 }, { b: 3 }] }],
    ['creates an object as a new element', { a: [] }, { $set: { 'a.1.b': 3 } }, { a: [null, { b: 3 }] }],
    ['reaches into an array in an array', { a: [[1, 2], [3]] }, { $set: { 'a.0.1': 9 } }, { a: [[1, 9], [3]] }],
    ['reaches two elements of one array', { a: [1, 2, 3] }, { $set: { 'a.0': 7, 'a.2': 9 } }, { a: [7, 2, 9] }],
    ['addresses by dots, never a key with dots', { 'a.b': 1 }, { $set: { 'a.b': 2 } }, { 'a.b': 1, a: { b: 2 } }],
    ['creates fields named like methods of objects', {}, { $set: { toString: 1, 'hasOwnProperty.x': 2, valueOf: 3 } }, { hasOwnProperty: { x: 2 }, toString: 1, valueOf: 3 }],
    ['stores values nested as deep as allowed', {}, { $set: { a: nested(62) } }, { a: nested(62) }],
  ]);

  testRefused([
    ['a field of a number', { a: 1 }, { $set: { 'a.b': 1 } }, /^Cannot create field "b" in element \{"a": 1\}/],
    ['a field of a text', { a: 'x' }, { $set: { 'a.b': 1 } }, /^Cannot create field "b" in element \{"a": "x"\}/],
    ['a field of a boolean', { a: true }, { $set: { 'a.b': 1 } }, /^Cannot create field "b" in element \{"a": true\}/],
    ['a field of null', { a: null }, { $set: { 'a.b': 1 } }, /^Cannot create field "b" in element \{"a": null\}/],
    ['a field further down of a scalar', { a: { b: 1 } }, { $set: { 'a.b.c.d': 1 } }, /^Cannot create field "c" in element \{"b": 1\}/],
    ['a number below a scalar', { a: 1 }, { $set: { 'a.0': 1 } }, /^Cannot create field "0" in element/],
    ['the length of a text', { a: 'x' }, { $set: { 'a.length': 1 } }, /^Cannot create field "length"/],
    ['a name below an array', { a: [1] }, { $set: { 'a.b': 1 } }, /^Cannot create field "b" in element \{"a": \[…\]\}: elements of an array are addressed by number/],
    ['a name below an array, further down', { a: [{ b: 1 }] }, { $set: { 'a.b.c': 1 } }, /^Cannot create field "b"/],
    ['the length of an array', { a: [1] }, { $set: { 'a.length': 0 } }, /^Cannot create field "length"/],
    ['a negative position', { a: [1] }, { $set: { 'a.-1': 0 } }, /^Cannot create field "-1"/],
    ['a position with a leading zero', { a: [1] }, { $set: { 'a.00': 0 } }, /^Cannot create field "00"/],
    ['a position with a fraction or an exponent', { a: [1] }, { $set: { 'a.1e0': 0 } }, /^Cannot create field "1e0"/],
    ['an element that is a scalar, further down', { a: [5] }, { $set: { 'a.0.b': 0 } }, /^Cannot create field "b" in element \{"0": 5\}/],
    ['an element too far beyond the end', { a: [1] }, { $set: { 'a.1002': 0 } }, /more than 1000 beyond the end/],
    ['a value that would make the record too deep', {}, { $set: { a: nested(63) } }, /more than 64 levels deep/],
    ['a value that a long path makes too deep', {}, { $set: { 'a.b.c': nested(61) } }, /more than 64 levels deep/],
  ]);

  it('extends an array up to the limit beyond its end, and again from there', () => {
    const record = recordWith({ a: [1] });
    const result = after(record, { $set: { [`${METADATA}.a.1001`]: 'x', [`${METADATA}.a.2002`]: 'y' } });
    const { a } = result[METADATA] as { a: unknown[] };
    expect(a).toHaveLength(2003);
    expect(a[1001]).toBe('x');
    expect(a[1002]).toBeNull();
    expect(a[2002]).toBe('y');
  });

  it('replaces a whole field of the record', () => {
    expect(after(recordWith({}), { $set: { container_registry_tags: ['x'] } })['container_registry_tags']).toEqual(['x']);
  });

  it('shares what it does not change, and copies what it does', () => {
    const record = recordWith({ changed: { x: 1 }, same: { y: 1 } });
    const result = after(record, { $set: { [`${METADATA}.changed.x`]: 2 } });
    const before = record[METADATA] as Record<string, unknown>;
    const now = result[METADATA] as Record<string, unknown>;
    expect(result).not.toBe(record);
    expect(now['same']).toBe(before['same']);
    expect(now['changed']).not.toBe(before['changed']);
    expect(result['container_registry_tags']).toBe(record['container_registry_tags']);
  });
});

describe('$unset', () => {
  testApplied([
    ['removes a field', { a: 1, b: 2 }, { $unset: { a: '' } }, { b: 2 }],
    ['pays no heed to its operand', { a: 1, b: 2, c: 3 }, { $unset: { a: 0, b: false, c: null } }, {}],
    ['removes a field that is null', { a: null }, { $unset: { a: '' } }, {}],
    ['removes an object', { a: { b: 1 } }, { $unset: { a: '' } }, {}],
    ['removes an array', { a: [1] }, { $unset: { a: '' } }, {}],
    ['removes a field of an embedded object and leaves the object', { a: { b: 1 } }, { $unset: { 'a.b': '' } }, { a: {} }],
    ['removes two fields of one object', { a: { b: 1, c: 2, d: 3 } }, { $unset: { 'a.b': '', 'a.c': '' } }, { a: { d: 3 } }],
    ['changes nothing when the field is missing', { a: 1 }, { $unset: { b: '' } }, { a: 1 }],
    ['creates nothing on the way', { a: 1 }, { $unset: { 'b.c.d': '' } }, { a: 1 }],
    ['changes nothing when it names no field', { a: 1 }, { $unset: {} }, { a: 1 }],
    ['sets an element of an array to null, so that no other moves', { a: [1, 2, 3] }, { $unset: { 'a.1': '' } }, { a: [1, null, 3] }],
    ['sets the last element to null', { a: [1, 2] }, { $unset: { 'a.1': '' } }, { a: [1, null] }],
    ['changes nothing for an element that is not there', { a: [1] }, { $unset: { 'a.1': '' } }, { a: [1] }],
    ['removes a field of an object in an array', { a: [{ b: 1, c: 2 }] }, { $unset: { 'a.0.b': '' } }, { a: [{ c: 2 }] }],
    ['changes nothing below a scalar', { a: 5 }, { $unset: { 'a.b': '' } }, { a: 5 }],
    ['changes nothing below null', { a: null }, { $unset: { 'a.b': '' } }, { a: null }],
    ['changes nothing for a name below an array', { a: [{ b: 1 }] }, { $unset: { 'a.b': '' } }, { a: [{ b: 1 }] }],
    ['does not reach the length of an array', { a: [1, 2] }, { $unset: { 'a.length': '' } }, { a: [1, 2] }],
    ['leaves a key with dots alone', { 'a.b': 4, a: { b: 2 } }, { $unset: { 'a.b': '' } }, { 'a.b': 4, a: {} }],
    ['removes only own fields', { a: 1 }, { $unset: { toString: '' } }, { a: 1 }],
  ]);

  it('leaves no hole in an array', () => {
    const { a } = after(recordWith({ a: [1, 2, 3] }), { $unset: { [`${METADATA}.a.1`]: '' } })[METADATA] as { a: unknown[] };
    expect(Object.keys(a)).toEqual(['0', '1', '2']);
  });

  it.each(['container_registry_tags', 'container_registry_name'])('removes the record’s field %s, which the caller then fills or refuses', (field) => {
    const result = after(recordWith({}), { $unset: { [field]: '' } });
    expect(Object.hasOwn(result, field)).toBe(false);
    expect(Object.keys(result)).toHaveLength(7);
  });
});

describe('a plain object of fields', () => {
  it('replaces each field given, whole, and leaves the others', () => {
    const record = recordWith({ a: 1, b: 2 });
    const result = after(record, { container_registry_metadata: { c: 3 }, container_registry_name: 'new' });
    expect(result).toEqual({ ...record, container_registry_metadata: { c: 3 }, container_registry_name: 'new' });
  });

  it('adds a field that the record lacks', () => {
    expect(after({ container_registry_id: 'x' }, { container_registry_name: 'new' })).toEqual({ container_registry_id: 'x', container_registry_name: 'new' });
  });

  it('changes nothing when it is empty', () => {
    const record = recordWith({ a: 1 });
    expect(JSON.stringify(after(record, {}))).toBe(JSON.stringify(record));
  });

  it('keeps keys with dots inside the values', () => {
    const labels = { 'a.b': { 'c.d': 1 } };
    expect(after(recordWith({}), { container_registry_metadata: labels })[METADATA]).toEqual(labels);
  });
});

/** An object with `depth` levels of objects. */
function nested(depth: number): { [key: string]: never } {
  let value = {};
  for (let level = 1; level < depth; level++) {
    value = { d: value };
  }
  return value;
}
