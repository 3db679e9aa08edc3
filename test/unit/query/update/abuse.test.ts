import { limits } from '../../../../src/core/limits.ts';
import { parseUpdate } from '../../../../src/query/update/parse.ts';
import { after, METADATA, recordWith, refusalOf } from './support.ts';

/** An operand that each operator takes, so that only the path can be at fault. */
const operands = {
  $set: 1, $unset: '', $inc: 1, $mul: 2, $min: 1, $max: 1, $push: 1, $addToSet: 1, $pull: 1, $pop: 1, $rename: 'container_registry_config.renamed',
} as const;

const prototypes: readonly object[] = [Object.prototype, Array.prototype, String.prototype, Number.prototype, Boolean.prototype, Function.prototype];

function ownNames(): string {
  return JSON.stringify(prototypes.map((prototype) => Reflect.ownKeys(prototype).map(String)));
}

describe('abuse', () => {
  const hostilePaths = [
    'container_registry_name.constructor.prototype.x.y',
    'container_registry_tags.constructor.prototype.5',
    'container_registry_metadata.a.__proto__.b',
    'container_registry_metadata.__proto__',
    'container_registry_metadata.constructor',
    'container_registry_tags.0.constructor.prototype.polluted',
    '__proto__.polluted',
    'constructor.prototype.polluted',
  ];

  it.each(hostilePaths.flatMap((path) => Object.entries(operands).map(([operator, operand]) => [operator, path, operand] as const)))(
    'abuse 15: %s on %s is refused and pollutes no prototype',
    (operator, path, operand) => {
      const before = ownNames();
      const record = recordWith({ a: { c: 1 } });
      expect(refusalOf(() => after(record, { [operator]: { [path]: operand } })).status).toBe(400);
      expect(ownNames()).toBe(before);
      expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
    },
  );

  it.each(hostilePaths)('abuse 15: $rename to %s is refused and pollutes no prototype', (path) => {
    const before = ownNames();
    expect(refusalOf(() => after(recordWith({ a: 1 }), { $rename: { [`${METADATA}.a`]: path } })).status).toBe(400);
    expect(ownNames()).toBe(before);
  });

  it('abuse 15: names of built-in methods are plain names, and leave the methods alone', () => {
    const before = ownNames();
    const result = after(recordWith({}), { $set: { [`${METADATA}.toString.call.x`]: 1, [`${METADATA}.hasOwnProperty`]: 2 } });
    expect(JSON.stringify(result[METADATA])).toBe('{"hasOwnProperty":2,"toString":{"call":{"x":1}}}');
    expect(ownNames()).toBe(before);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it.each(['{"__proto__": {"x": 1}}', '{"$set": {"__proto__": {"x": 1}}}', '{"$set": {"container_registry_metadata": {"__proto__": {"x": 1}}}}', '{"container_registry_metadata": {"a": [{"__proto__": 1}]}}'])(
    'abuse 14: an own __proto__ key is refused: %s',
    (text) => {
      expect(refusalOf(() => parseUpdate(JSON.parse(text))).status).toBe(400);
    },
  );

  it('abuse 15: a stored document that already has an own __proto__ key keeps it as a plain key', () => {
    const record = JSON.parse('{"container_registry_id": "x", "container_registry_metadata": {"__proto__": {"x": 1}, "a": 1}}') as ReturnType<typeof recordWith>;
    const result = after(record, { $set: { [`${METADATA}.a`]: 2 } });
    expect(JSON.stringify(result)).toBe('{"container_registry_id":"x","container_registry_metadata":{"__proto__":{"x":1},"a":2}}');
    expect(Object.getPrototypeOf(result[METADATA])).toBe(Object.prototype);
  });

  it.each(['$rename', '$set', '$unset', '$inc', '$push'])('abuse 21: %s of _id, meta or an unknown field is refused', (operator) => {
    for (const field of ['_id', 'role', 'owner', 'created_by', 'version', 'meta.revision', 'meta.owner']) {
      const operand = operator === '$rename' ? `${METADATA}.x` : 1;
      expect(refusalOf(() => after(recordWith({}), { [operator]: { [field]: operand } })).code).toBe('INVALID_UPDATE');
    }
  });

  it.each(['4294967290', '4294967295', '4294967296', '9007199254740993', '99999999999999999999999', '1003'])(
    'abuse 22: the element container_registry_tags.%s is refused',
    (position) => {
      for (const [operator, operand] of [['$set', 'x'], ['$inc', 1], ['$push', 'x'], ['$min', 1]] as const) {
        const record = recordWith({});
        expect(refusalOf(() => after(record, { [operator]: { [`container_registry_tags.${position}`]: operand } })).status).toBe(400);
      }
    },
  );

  it('abuse 22: $push and $addToSet of 100,000 values are refused', () => {
    const values = new Array<number>(100_000).fill(1);
    for (const operator of ['$push', '$addToSet']) {
      expect(refusalOf(() => parseUpdate({ [operator]: { container_registry_tags: { $each: values } } })).code).toBe('LIMIT_EXCEEDED');
    }
  });

  it.each([
    ['$inc on a text', { $inc: { container_registry_name: 1 } }],
    ['$mul on an object', { $mul: { container_registry_metadata: 2 } }],
    ['$push on a scalar', { $push: { container_registry_name: 'x' } }],
    ['$addToSet on an object', { $addToSet: { container_registry_config: 'x' } }],
    ['$pop on a scalar', { $pop: { container_registry_name: 1 } }],
    ['$pull on a scalar', { $pull: { container_registry_name: 'x' } }],
    ['a path through a scalar', { $set: { 'container_registry_name.x': 1 } }],
    ['a path through null', { $set: { 'container_registry_metadata.null.x': 1 } }],
    ['an error after operations that succeeded', { $set: { container_registry_config: {}, 'container_registry_metadata.a.b': 9 }, $push: { 'container_registry_metadata.list': 5 }, $unset: { container_registry_image_prefix: '' }, $inc: { container_registry_public_url: 1 } }],
  ])('abuse 23: %s is refused and leaves the document byte-identical', (_, update) => {
    const record = recordWith({ a: { b: 1 }, list: [1], null: null });
    const text = JSON.stringify(record);
    expect(refusalOf(() => after(record, update)).code).toBe('INVALID_UPDATE');
    expect(JSON.stringify(record)).toBe(text);
  });

  it.each([
    ['a pipeline', [{ $set: { container_registry_name: 'x' } }], /pipelines are not offered/],
    ['an empty pipeline', [], /pipelines are not offered/],
    ['upsert', { $set: { container_registry_name: 'x' }, upsert: true }, /"upsert" is not offered/],
    ['$out', { $out: 'users' }, /"\$out" is not offered/],
    ['$merge', { $merge: { into: 'users' } }, /"\$merge" is not offered/],
    ['$setOnInsert', { $setOnInsert: { container_registry_name: 'x' } }, /"\$setOnInsert" is not offered/],
  ])('abuse 24: %s is refused by name', (_, update, message) => {
    const error = refusalOf(() => parseUpdate(update));
    expect(error.status).toBe(400);
    expect(error.message).toMatch(message);
  });

  it.each([
    ['_bsontype', { _bsontype: 'Code' }],
    ['_bsontype with more', { a: { _bsontype: 'ObjectId', id: 'x' } }],
    ['$date', { $date: 'x' }],
    ['$oid', { a: [{ $oid: 'zz' }] }],
    ['$numberDecimal', { $numberDecimal: '1' }],
  ])('abuse 25: a value with %s is refused', (_, value) => {
    for (const update of [
      { $set: { [`${METADATA}.a`]: value } },
      { $push: { container_registry_tags: value } },
      { $addToSet: { container_registry_tags: { $each: [value] } } },
      { $min: { [`${METADATA}.a`]: value } },
      { $pull: { container_registry_tags: value } },
      { container_registry_metadata: { a: value } },
    ]) {
      expect(refusalOf(() => parseUpdate(update)).status).toBe(400);
    }
  });

  it.each([1_000, 100_000])('abuse 17: values nested %d levels deep are refused in every operator, not a stack overflow', (depth) => {
    const arrays: unknown = JSON.parse('['.repeat(depth) + ']'.repeat(depth));
    let objects: Record<string, unknown> = {};
    for (let level = 0; level < depth; level++) {
      objects = { a: objects };
    }
    for (const value of [arrays, objects]) {
      expect(refusalOf(() => parseUpdate({ container_registry_metadata: value })).status).toBe(400);
      for (const operator of Object.keys(operands)) {
        expect(refusalOf(() => parseUpdate({ [operator]: { container_registry_metadata: value } })).status).toBe(400);
      }
      for (const modifier of ['$each', '$position', '$slice', '$sort']) {
        const push = { $each: [1], [modifier]: value };
        expect(refusalOf(() => parseUpdate({ $push: { container_registry_tags: push } })).status).toBe(400);
      }
      expect(refusalOf(() => parseUpdate({ $set: value })).status).toBe(400);
    }
  });

  it('abuse 17: an update of 100,000 paths is refused before it is read to its end', () => {
    const paths = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`${METADATA}.f${index}`, 1]));
    expect(refusalOf(() => parseUpdate({ $set: paths })).code).toBe('LIMIT_EXCEEDED');
  });

  it('abuse 22: many elements far beyond the ends of arrays stay bounded', () => {
    const step = limits.arrayPaddingMax + 1;
    const sets = Object.fromEntries(Array.from({ length: limits.updatePathsMax }, (_, index) => [`${METADATA}.a.${index * step}`, 1]));
    const startMs = performance.now();
    const { a } = after(recordWith({ a: [] }), { $set: sets })[METADATA] as { a: unknown[] };
    expect(a).toHaveLength((limits.updatePathsMax - 1) * step + 1);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});
