import { after, METADATA, recordWith, refusalOf, testApplied, testRefused } from './support.ts';

describe('$rename', () => {
  testApplied([
    ['renames a field', { a: 2 }, { $rename: { a: 'b' } }, { b: 2 }],
    ['renames several', { nickname: 'x', cell: 'y' }, { $rename: { nickname: 'alias', cell: 'mobile' } }, { alias: 'x', mobile: 'y' }],
    ['may move the field among its neighbours', { a: 1, z: 2 }, { $rename: { a: 'b' } }, { z: 2, b: 1 }],
    ['replaces a field of the new name, in its place', { a: 2, b: 1, c: 3 }, { $rename: { a: 'b' } }, { b: 2, c: 3 }],
    ['removes the old field even when both have one value', { a: 2, b: 2 }, { $rename: { a: 'b' } }, { b: 2 }],
    ['replaces a value of another type', { a: { x: 1 }, b: [1] }, { $rename: { a: 'b' } }, { b: { x: 1 } }],
    ['renames a field that is null', { a: null }, { $rename: { a: 'b' } }, { b: null }],
    ['renames an array whole', { a: [1, { b: 2 }] }, { $rename: { a: 'c' } }, { c: [1, { b: 2 }] }],
    ['renames within an embedded object', { name: { first: 'george', last: 'washington' } }, { $rename: { 'name.first': 'name.fname' } }, { name: { last: 'washington', fname: 'george' } }],
    ['moves a field out of an object', { a: { c: { d: 6 } }, b: 1 }, { $rename: { 'a.c': 'b' } }, { a: {}, b: { d: 6 } }],
    ['moves a field into an object', { a: 1, b: {} }, { $rename: { a: 'b.c' } }, { b: { c: 1 } }],
    ['creates the objects that the new path needs', { a: 2 }, { $rename: { a: 'b.c.d' } }, { b: { c: { d: 2 } } }],
    ['completes a new path that exists in part', { a: 2, b: 1, c: {} }, { $rename: { a: 'c.r.d' } }, { b: 1, c: { r: { d: 2 } } }],
    ['keeps the order where the new field exists', { a: { b: { c: 1, d: 2 } }, b: 3, c: { d: 4 } }, { $rename: { 'c.d': 'a.b.c' } }, { a: { b: { c: 4, d: 2 } }, b: 3, c: {} }],
    ['changes nothing when the field is missing', { a: 1 }, { $rename: { wife: 'spouse' } }, { a: 1 }],
    ['leaves the new field when the old one is missing', { b: 1 }, { $rename: { a: 'b' } }, { b: 1 }],
    ['changes nothing when the old path exists in part', { a: {} }, { $rename: { 'a.b.c': 'd' } }, { a: {} }],
    ['does not look at the new path when the old field is missing', { b: 1 }, { $rename: { a: 'b.c.d' } }, { b: 1 }],
    ['changes nothing for an element beyond the end of an array', { a: [1] }, { $rename: { 'a.5': 'b' } }, { a: [1] }],
    ['changes nothing when it names no field', { a: 1 }, { $rename: {} }, { a: 1 }],
    ['stands beside other operators', { a: 1, c: 1 }, { $rename: { a: 'b' }, $inc: { c: 1 } }, { c: 2, b: 1 }],
  ]);

  testRefused([
    ['an element out of an array', { a: [1, 2] }, { $rename: { 'a.0': 'b' } }, /^The source of \$rename cannot be an element of an array: "container_registry_metadata\.a" is an array/],
    ['a field out of an object in an array', { a: [{ b: 1 }] }, { $rename: { 'a.0.b': 'c' } }, /^The source of \$rename/],
    ['a field within an object in an array', { a: [{ b: 1 }] }, { $rename: { 'a.0.b': 'a.0.c' } }, /^The source of \$rename/],
    ['a name below an array', { a: [{ a: 1 }] }, { $rename: { 'a.a': 'b' } }, /^Cannot use the part "a"/],
    ['into a new element of an array', { a: [1, 2], b: 2 }, { $rename: { b: 'a.2' } }, /^The destination of \$rename cannot be an element of an array: "container_registry_metadata\.a" is an array/],
    ['onto an element of an array', { a: [1, 2], b: 2 }, { $rename: { b: 'a.1' } }, /^The destination of \$rename/],
    ['into an object in an array', { a: [{ b: 1 }], c: 2 }, { $rename: { c: 'a.0.c' } }, /^The destination of \$rename/],
    ['out of a scalar', { a: 5 }, { $rename: { 'a.b': 'c' } }, /^Cannot use the part "b" .* to traverse the element \{"a": 5\}/],
    ['out of null', { a: null }, { $rename: { 'a.b': 'c' } }, /^Cannot use the part "b"/],
    ['into a scalar', { a: 5, b: 1 }, { $rename: { b: 'a.c' } }, /^Cannot create field "c" in element \{"a": 5\}/],
    ['into null', { a: null, b: 1 }, { $rename: { b: 'a.c' } }, /^Cannot create field "c"/],
    ['to its own name', { a: 1 }, { $rename: { a: 'a' } }, /would create a conflict at/],
    ['to a path within itself', { b: {} }, { $rename: { b: 'b.a' } }, /would create a conflict at/],
    ['to a path around itself', { b: { a: 1 } }, { $rename: { 'b.a': 'b' } }, /would create a conflict at/],
    ['to a number', { a: 1 }, { $rename: { a: 5 } }, /^\$rename takes the new path as a string, not 5/],
    ['to an object', { a: 1 }, { $rename: { a: { b: 1 } } }, /^\$rename takes the new path as a string/],
    ['to a path with an empty segment', { a: 1 }, { $rename: { a: 'b..c' } }, /empty segment/],
    ['to a positional path', { a: 1 }, { $rename: { a: 'b.$' } }, /positional operators are not offered/],
    ['from a positional path', { a: [1] }, { $rename: { 'a.$[i]': 'b' } }, /positional operators are not offered/],
  ]);

  it('moves between fields of the record', () => {
    const result = after(recordWith({ max: 5 }), { $rename: { 'container_registry_metadata.max': 'container_registry_config.max' } });
    expect(result[METADATA]).toEqual({});
    expect(result['container_registry_config']).toEqual({ auth_required: true, max: 5 });
  });

  it.each(['name', 'meta.created_at', '_id', ''])('refuses the target %j, which is no field of a record', (target) => {
    const error = refusalOf(() => after(recordWith({ a: 1 }), { $rename: { 'container_registry_metadata.a': target } }));
    expect(error.code).toBe('INVALID_UPDATE');
    expect(error.details[0]?.path).toBe('$rename.container_registry_metadata.a');
  });

  it('refuses to move a value to where the record would become too deep', () => {
    const deep: unknown = JSON.parse(`${'{"d":'.repeat(59)}1${'}'.repeat(59)}`);
    const move = (to: string): unknown => after(recordWith({ a: deep } as never), { $rename: { 'container_registry_metadata.a': `container_registry_metadata.${to}` } });
    expect(() => move('b.c.d.e')).not.toThrow();
    expect(refusalOf(() => move('b.c.d.e.f')).code).toBe('LIMIT_EXCEEDED');
  });
});
