import { AppError, type ErrorCode } from '../../../src/core/errors.ts';
import { limits } from '../../../src/core/limits.ts';
import { parseFilter } from '../../../src/query/filter.ts';

const NAME = 'container_registry_name';
const TAGS = 'container_registry_tags';
const METADATA = 'container_registry_metadata';

function refusalOf(filter: unknown): AppError {
  try {
    parseFilter(filter);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('The filter was not refused.');
}

/** [what, filter, the place that is named, a part of the message] */
type Refusal = readonly [what: string, filter: unknown, path: string, message: string];

function refusals(code: ErrorCode, cases: readonly Refusal[]): void {
  it.each(cases)(`${code}: %s`, (_what, filter, path, message) => {
    const refusal = refusalOf(filter);
    expect(refusal).toMatchObject({ code, status: 400, details: [{ path }] });
    expect(refusal.message).toContain(message);
    expect(refusal.message).toMatch(/^The filter is refused.*\.$/s);
  });
}

describe('what a filter is', () => {
  it('accepts every operator and keeps what was sent', () => {
    const input = {
      $and: [{ [NAME]: 'x' }, { $or: [{ [TAGS]: { $in: ['a'] } }, { $nor: [{ 'health.status': 'up' }] }] }],
      'meta.revision': { $eq: 1, $ne: 2, $gt: 0, $gte: 0, $lt: 9, $lte: 9, $nin: [3], $mod: [2, 1], $type: 'number', $exists: true },
      [TAGS]: { $all: ['a'], $size: 2, $elemMatch: { $regex: 'x', $options: 'i' }, $not: { $in: ['z'] } },
    };
    expect(parseFilter(input).source).toBe(input);
  });

  it('can be sent to another thread and be parsed there to the same tree', () => {
    const filter = parseFilter({ $or: [{ [NAME]: { $regex: '^a' } }, { [`${METADATA}.a.0.b`]: { $type: ['int', 'null'] } }] });
    expect(parseFilter(structuredClone(filter.source)).root).toEqual(filter.root);
  });

  it.each(['container_registry_id', NAME, METADATA, TAGS, 'container_registry_public_url', 'container_registry_image_prefix', 'container_registry_config', 'container_registry_storage_info', 'health', 'meta'])(
    'a path may begin with %s',
    (root) => {
      expect(() => parseFilter({ [root]: 'x', [`${root}.a.b.0`]: 1 })).not.toThrow();
    },
  );

  refusals('INVALID_FILTER', [
    ['null', null, '', 'a filter is a JSON object'],
    ['an array', [{ [NAME]: 'x' }], '', 'a filter is a JSON object'],
    ['a text', 'x', '', 'a filter is a JSON object'],
    ['a number', 1, '', 'a filter is a JSON object'],
    ['nothing', undefined, '', 'a filter is a JSON object'],
    ['a function in it', { [NAME]: () => true }, NAME, 'not a JSON value'],
    ['undefined in it', { [NAME]: undefined }, NAME, 'not a JSON value'],
    ['a big integer in it', { [NAME]: 1n }, NAME, 'not a JSON value'],
    ['a number beyond doubles', JSON.parse(`{"${NAME}": 1e999}`), NAME, 'too large for a double'],
    ['half of a surrogate pair in a text', { [NAME]: { $in: ['ok', 'x\ud800'] } }, `${NAME}.$in[1]`, 'surrogate'],
    ['half of a surrogate pair in a key', { [METADATA]: { 'x\udfff': 1 } }, METADATA, 'surrogate'],
    ['half of a surrogate pair in a pattern', { [NAME]: { $regex: '\ud83d' } }, `${NAME}.$regex`, 'surrogate'],
  ]);
});

describe('paths of a filter', () => {
  refusals('INVALID_FILTER', [
    ['an unknown field', { name: 'x' }, 'name', '`name` is not a field of a record; a path begins with one of container_registry_id'],
    ['a field of another spelling', { Container_registry_name: 'x' }, 'Container_registry_name', 'is not a field of a record'],
    ['an unknown field inside $or', { $or: [{ [NAME]: 'x' }, { _id: 1 }] }, '$or[1]._id', '`_id` is not a field'],
    ['abuse 20: a secret field', { password_hash: { $regex: '^a' } }, 'password_hash', 'is not a field of a record'],
    ['an empty path', { '': 1 }, '', 'empty segment'],
    ['a leading dot', { [`.${NAME}`]: 1 }, `.${NAME}`, 'empty segment'],
    ['a trailing dot', { [`${METADATA}.`]: 1 }, `${METADATA}.`, 'empty segment'],
    ['two dots', { [`${METADATA}..a`]: 1 }, `${METADATA}..a`, 'empty segment'],
    ['a segment with $', { [`${METADATA}.$a`]: 1 }, `${METADATA}.$a`, 'begins with `$`'],
    ['a positional operator', { [`${TAGS}.$[]`]: 1 }, `${TAGS}.$[]`, 'begins with `$`'],
    ['abuse 15: constructor', { [`${METADATA}.constructor.prototype.x`]: 1 }, `${METADATA}.constructor.prototype.x`, '`constructor`'],
    ['abuse 15: prototype', { [`${METADATA}.prototype`]: 1 }, `${METADATA}.prototype`, '`prototype`'],
    ['abuse 15: __proto__ in a path', { [`${METADATA}.__proto__.b`]: 1 }, `${METADATA}.__proto__.b`, '`__proto__`'],
    ['abuse 15: in a path inside $elemMatch', { [METADATA]: { $elemMatch: { 'a.__proto__.b': 1 } } }, `${METADATA}.$elemMatch.a.__proto__.b`, '`__proto__`'],
    ['too many segments', { [`${METADATA}${'.a'.repeat(32)}`]: 1 }, `${METADATA}${'.a'.repeat(32)}`, 'more than 32 segments'],
    ['a path with spaces around', { ' container_registry_name': 1 }, ' container_registry_name', 'is not a field'],
  ]);

  it('takes as many segments as the limit', () => {
    expect(() => parseFilter({ [`${METADATA}${'.a'.repeat(31)}`]: 1 })).not.toThrow();
  });
});

describe('operators that are not offered', () => {
  it.each([
    ['abuse 12: $where at the top', { $where: 'sleep(1000)' }, '$where', '$where'],
    ['abuse 12: $where in $and', { $and: [{ $where: '1' }] }, '$and[0].$where', '$where'],
    ['abuse 12: $where below a field', { [NAME]: { $where: '1' } }, `${NAME}.$where`, '$where'],
    ['abuse 12: $where in $not', { [NAME]: { $not: { $where: '1' } } }, `${NAME}.$not.$where`, '$where'],
    ['abuse 12: $where in $elemMatch', { [TAGS]: { $elemMatch: { $where: '1' } } }, `${TAGS}.$elemMatch.$where`, '$where'],
    ['abuse 12: $where in $all', { [TAGS]: { $all: [{ $elemMatch: { $where: '1' } }] } }, `${TAGS}.$all[0].$elemMatch.$where`, '$where'],
    ['abuse 12: $where in $nor', { $nor: [{ $or: [{ $where: '1' }] }] }, '$nor[0].$or[0].$where', '$where'],
    ['abuse 13: $expr', { $expr: { $function: { body: 'x', args: [], lang: 'js' } } }, '$expr', '$expr'],
    ['abuse 13: $expr in $elemMatch', { [TAGS]: { $elemMatch: { $expr: true } } }, `${TAGS}.$elemMatch.$expr`, '$expr'],
    ['abuse 13: $jsonSchema', { $jsonSchema: {} }, '$jsonSchema', '$jsonSchema'],
    ['abuse 13: $text', { $text: { $search: 'x' } }, '$text', '$text'],
    ['abuse 13: $near', { [METADATA]: { $near: [0, 0] } }, `${METADATA}.$near`, '$near'],
    ['abuse 13: $comment', { $comment: 'x' }, '$comment', '$comment'],
    ['abuse 25: $date', { 'meta.created_at': { $date: 'x' } }, 'meta.created_at.$date', '$date'],
    ['abuse 25: $date inside an operand', { 'meta.created_at': { $gt: { $date: 'x' } } }, 'meta.created_at.$gt.$date', '$date'],
    ['abuse 25: $oid in $in', { [NAME]: { $in: [{ $oid: 'x' }] } }, `${NAME}.$in[0].$oid`, '$oid'],
    ['abuse 25: $numberLong deep inside a value', { [METADATA]: { a: [{ b: { $numberLong: '1' } }] } }, `${METADATA}.a[0].b.$numberLong`, '$numberLong'],
    ['a reference', { [METADATA]: { $ref: 'x', $id: 1 } }, `${METADATA}.$ref`, '$ref'],
    ['bits', { [METADATA]: { $bitsAllSet: 1 } }, `${METADATA}.$bitsAllSet`, '$bitsAllSet'],
    ['another case', { [NAME]: { $EQ: 1 } }, `${NAME}.$EQ`, '$EQ'],
    ['a bare dollar', { $: 1 }, '$', '`$`'],
    ['an operator of updates', { $set: { [NAME]: 1 } }, '$set', '$set'],
  ])('%s', (_what, filter, path, operator) => {
    const refusal = refusalOf(filter);
    expect(refusal).toMatchObject({ code: 'OPERATOR_NOT_ALLOWED', status: 400, details: [{ path }] });
    expect(refusal.message).toContain(operator);
    expect(refusal.message).toContain('allowed are $eq $ne $gt $gte $lt $lte $in $nin $and $or $nor $not $exists $type $all $elemMatch $size $regex $options $mod');
  });
});

describe('keys that mean something to machines', () => {
  refusals('INVALID_FILTER', [
    ['abuse 14: an own __proto__ as the filter', JSON.parse('{"__proto__":{"x":1}}'), '', '`__proto__`'],
    ['abuse 14: an own __proto__ beside a field', JSON.parse(`{"${NAME}":"x","__proto__":{"x":1}}`), '', '`__proto__`'],
    ['abuse 14: __proto__ in $and', JSON.parse('{"$and":[{"__proto__":{}}]}'), '$and[0]', '`__proto__`'],
    ['abuse 14: __proto__ in a value', JSON.parse(`{"${METADATA}":{"a":[{"__proto__":1}]}}`), `${METADATA}.a[0]`, '`__proto__`'],
    ['abuse 14: __proto__ as an operator object', JSON.parse(`{"${METADATA}":{"__proto__":{"$gt":1}}}`), METADATA, '`__proto__`'],
    ['abuse 14: __proto__ in $in', JSON.parse(`{"${METADATA}":{"$in":[{"__proto__":1}]}}`), `${METADATA}.$in[0]`, '`__proto__`'],
    ['constructor as a key of a value', { [METADATA]: { constructor: 1 } }, METADATA, '`constructor`'],
    ['abuse 25: _bsontype of code', { [METADATA]: { _bsontype: 'Code', code: 'x' } }, METADATA, '`_bsontype`'],
    ['abuse 25: _bsontype in $in', { [METADATA]: { $in: [{ _bsontype: 'ObjectId' }] } }, `${METADATA}.$in[0]`, '`_bsontype`'],
    ['abuse 25: _bsontype in $elemMatch', { [TAGS]: { $elemMatch: { _bsontype: 'Long' } } }, `${TAGS}.$elemMatch`, '`_bsontype`'],
  ]);
});

describe('operands', () => {
  refusals('INVALID_FILTER', [
    ['operators and fields in one object', { [METADATA]: { $gt: 1, x: 2 } }, `${METADATA}.x`, 'unknown operator `x`'],
    ['fields and operators in one object', { [METADATA]: { x: 2, $gt: 1 } }, `${METADATA}.x`, 'unknown operator `x`'],
    ['an operator below the field of a value', { [METADATA]: { x: { $gt: 1 } } }, `${METADATA}.x.$gt`, 'write a dotted path'],
    ['$eq with an object of operators', { [NAME]: { $eq: { $gt: 1 } } }, `${NAME}.$eq.$gt`, 'stands inside a value'],
    ['$ne with an object of operators', { [NAME]: { $ne: { $in: [1] } } }, `${NAME}.$ne.$in`, 'stands inside a value'],
    ['$gt with an object of operators', { [NAME]: { $gt: { $gt: 1 } } }, `${NAME}.$gt.$gt`, 'stands inside a value'],
    ['abuse 18: operators where a text belongs, nested', { [NAME]: { $in: [{ $ne: null }] } }, `${NAME}.$in[0].$ne`, 'stands inside a value'],
    ['an operator at the top', { $gt: 1 }, '$gt', 'belongs below a field'],
    ['$eq at the top', { $eq: 1 }, '$eq', 'belongs below a field'],
    ['$not at the top', { $not: { [NAME]: 'x' } }, '$not', 'belongs below a field'],
    ['$options at the top', { $options: 'i' }, '$options', 'belongs below a field'],
    ['$and below a field', { [NAME]: { $and: [{ $gt: 1 }] } }, `${NAME}.$and`, 'does not belong below a field'],
    ['$or below a field', { [NAME]: { $or: [{ $gt: 1 }] } }, `${NAME}.$or`, 'does not belong below a field'],
    ['$and: an object', { $and: {} }, '$and', 'takes an array of one or more filters'],
    ['$and: empty', { $and: [] }, '$and', 'one or more'],
    ['$or: empty', { $or: [] }, '$or', 'one or more'],
    ['$nor: empty', { $nor: [] }, '$nor', 'one or more'],
    ['$or: a text', { $or: ['x'] }, '$or[0]', 'is a filter object'],
    ['$or: null', { $or: [{}, null] }, '$or[1]', 'is a filter object'],
    ['$and: an array', { $and: [[{}]] }, '$and[0]', 'is a filter object'],
    ['$in: not an array', { [TAGS]: { $in: 'ai' } }, `${TAGS}.$in`, '`$in` takes an array'],
    ['$in: null', { [TAGS]: { $in: null } }, `${TAGS}.$in`, '`$in` takes an array'],
    ['$in inside $and, named by its place', { $and: [{}, { [TAGS]: { $in: 'ai' } }] }, `$and[1].${TAGS}.$in`, '`$in` takes an array'],
    ['$in: a pattern', { [TAGS]: { $in: [{ $regex: '^a' }] } }, `${TAGS}.$in[0].$regex`, 'stands inside a value'],
    ['$nin: an object', { [TAGS]: { $nin: {} } }, `${TAGS}.$nin`, '`$nin` takes an array'],
    ['$all: not an array', { [TAGS]: { $all: 'ai' } }, `${TAGS}.$all`, '`$all` takes an array'],
    ['$all: operators', { [TAGS]: { $all: [{ $gt: 1 }] } }, `${TAGS}.$all[0].$gt`, 'stands inside a value'],
    ['$all: $elemMatch, then a value', { [TAGS]: { $all: [{ $elemMatch: { $gt: 1 } }, 'x'] } }, `${TAGS}.$all[1]`, 'not both'],
    ['$all: a value, then $elemMatch', { [TAGS]: { $all: ['x', { $elemMatch: { $gt: 1 } }] } }, `${TAGS}.$all[0]`, 'not both'],
    ['$all: more than $elemMatch in one object', { [TAGS]: { $all: [{ $elemMatch: { $gt: 1 }, $size: 1 }] } }, `${TAGS}.$all[0]`, 'alone'],
    ['$elemMatch: a scalar', { [TAGS]: { $elemMatch: 'x' } }, `${TAGS}.$elemMatch`, 'takes an object'],
    ['$elemMatch: an array', { [TAGS]: { $elemMatch: ['x'] } }, `${TAGS}.$elemMatch`, 'takes an object'],
    ['$elemMatch: null in $all', { [TAGS]: { $all: [{ $elemMatch: null }] } }, `${TAGS}.$all[0].$elemMatch`, 'takes an object'],
    ['$elemMatch: fields, then an operator', { [TAGS]: { $elemMatch: { x: 1, $gt: 1 } } }, `${TAGS}.$elemMatch.$gt`, 'belongs below a field'],
    ['$elemMatch: an operator, then fields', { [TAGS]: { $elemMatch: { $gt: 1, x: 1 } } }, `${TAGS}.$elemMatch.x`, 'unknown operator'],
    ['$not: a scalar', { [NAME]: { $not: 'x' } }, `${NAME}.$not`, 'takes an object of operators'],
    ['$not: null', { [NAME]: { $not: null } }, `${NAME}.$not`, 'takes an object of operators'],
    ['$not: an array', { [NAME]: { $not: [] } }, `${NAME}.$not`, 'takes an object of operators'],
    ['$not: empty', { [NAME]: { $not: {} } }, `${NAME}.$not`, 'takes an object of operators'],
    ['$not: fields', { [NAME]: { $not: { x: 1 } } }, `${NAME}.$not.x`, 'unknown operator'],
    ['$not: $and', { [NAME]: { $not: { $and: [{}] } } }, `${NAME}.$not.$and`, 'does not belong below a field'],
    ['$exists: a text', { [NAME]: { $exists: 'true' } }, `${NAME}.$exists`, 'takes true or false'],
    ['$exists: null', { [NAME]: { $exists: null } }, `${NAME}.$exists`, 'takes true or false'],
    ['$type: an unknown name', { [NAME]: { $type: 'text' } }, `${NAME}.$type`, '"text" is none'],
    ['$type: another case', { [NAME]: { $type: 'String' } }, `${NAME}.$type`, '"String" is none'],
    ['$type: a number', { [NAME]: { $type: 2 } }, `${NAME}.$type`, 'takes the names of types'],
    ['$type: a number in an array', { [NAME]: { $type: ['string', 10] } }, `${NAME}.$type`, 'takes the names of types'],
    ['$type: no types', { [NAME]: { $type: [] } }, `${NAME}.$type`, 'one or more types'],
    ['$type: an inherited name', { [NAME]: { $type: 'toString' } }, `${NAME}.$type`, '"toString" is none'],
    ['$size: negative', { [TAGS]: { $size: -1 } }, `${TAGS}.$size`, 'whole number'],
    ['$size: a fraction', { [TAGS]: { $size: 1.5 } }, `${TAGS}.$size`, 'whole number'],
    ['$size: a text', { [TAGS]: { $size: '1' } }, `${TAGS}.$size`, 'whole number'],
    ['$size: a range', { [TAGS]: { $size: { $gt: 1 } } }, `${TAGS}.$size`, 'whole number'],
    ['$mod: a number', { [NAME]: { $mod: 4 } }, `${NAME}.$mod`, 'array of two numbers'],
    ['$mod: one number', { [NAME]: { $mod: [4] } }, `${NAME}.$mod`, 'array of two numbers'],
    ['$mod: no numbers', { [NAME]: { $mod: [] } }, `${NAME}.$mod`, 'array of two numbers'],
    ['$mod: three numbers', { [NAME]: { $mod: [4, 0, 1] } }, `${NAME}.$mod`, 'array of two numbers'],
    ['$mod: texts', { [NAME]: { $mod: ['4', '0'] } }, `${NAME}.$mod`, 'array of two numbers'],
    ['$mod: a remainder of text', { [NAME]: { $mod: [4, 'x'] } }, `${NAME}.$mod`, 'array of two numbers'],
    ['$mod: divisor 0', { [NAME]: { $mod: [0, 1] } }, `${NAME}.$mod`, 'must not be 0'],
    ['$mod: divisor 0 without its fraction', { [NAME]: { $mod: [0.9, 1] } }, `${NAME}.$mod`, 'must not be 0'],
    ['$mod: beyond 64 bits', { [NAME]: { $mod: [1e300, 1] } }, `${NAME}.$mod`, '64 bits'],
    ['$regex: a number', { [NAME]: { $regex: 1 } }, `${NAME}.$regex`, 'takes a text'],
    ['$regex: an object', { [NAME]: { $regex: {} } }, `${NAME}.$regex`, 'takes a text'],
    ['$regex: $options are x', { [NAME]: { $regex: 'a', $options: 'x' } }, `${NAME}.$regex`, 'letters i'],
    ['$regex: $options are g', { [NAME]: { $regex: 'a', $options: 'ig' } }, `${NAME}.$regex`, 'letters i'],
    ['$regex: $options are null', { [NAME]: { $regex: 'a', $options: null } }, `${NAME}.$regex`, 'letters i'],
    ['$options without $regex', { [NAME]: { $options: 'i' } }, `${NAME}.$options`, 'needs a `$regex`'],
    ['$regex: an open bracket', { [NAME]: { $regex: '(' } }, `${NAME}.$regex`, 'missing closing )'],
    ['$regex: an open class', { [NAME]: { $regex: '[a' } }, `${NAME}.$regex`, 'not understood'],
    ['$regex: nothing to repeat', { [NAME]: { $regex: '*a' } }, `${NAME}.$regex`, 'not understood'],
    ['abuse 16: lookahead', { [NAME]: { $regex: 'a(?=b)' } }, `${NAME}.$regex`, 'RE2 syntax, which runs in linear time'],
    ['abuse 16: negative lookahead', { [NAME]: { $regex: '^(?!b)' } }, `${NAME}.$regex`, 'no lookahead'],
    ['abuse 16: lookbehind', { [NAME]: { $regex: '(?<=a)b' } }, `${NAME}.$regex`, 'lookbehind'],
    ['abuse 16: a back-reference', { [NAME]: { $regex: '(a)\\1' } }, `${NAME}.$regex`, 'back-references'],
    ['abuse 16: a bad pattern inside $not', { [NAME]: { $not: { $regex: '(?=a)' } } }, `${NAME}.$not.$regex`, 'RE2 syntax'],
  ]);
});

describe('limits', () => {
  const nested = (depth: number): string => '{"$and":['.repeat(depth) + '{}' + ']}'.repeat(depth);

  refusals('LIMIT_EXCEEDED', [
    ['abuse 16: a long pattern', { [NAME]: { $regex: 'a'.repeat(10_000) } }, `${NAME}.$regex`, 'limit regexLengthMax'],
    ['abuse 16: a pattern that repeats much', { [NAME]: { $regex: `(?:${'abcdefgh'.repeat(40)}){1000}` } }, `${NAME}.$regex`, 'limit regexProgramSizeMax'],
    ['abuse 16: a pattern that repeats much in many places', { [NAME]: { $regex: 'a{900}b{900}c{900}d{900}e{900}f{900}' } }, `${NAME}.$regex`, 'limit regexProgramSizeMax'],
    ['abuse 16: many patterns that repeat much', { $or: new Array(10).fill({ [NAME]: { $regex: 'a{999}' } }) }, `$or[5].${NAME}.$regex`, 'limit regexProgramSizeMax'],
    ['abuse 17: many values in $in', { [TAGS]: { $in: Array.from({ length: limits.filterArrayMax + 1 }, (_, index) => index) } }, `${TAGS}.$in`, 'limit filterArrayMax'],
    ['abuse 17: many values in $nin', { [TAGS]: { $nin: new Array(1_001).fill(1) } }, `${TAGS}.$nin`, 'limit filterArrayMax'],
    ['abuse 17: many values in $all', { [TAGS]: { $all: new Array(1_001).fill(1) } }, `${TAGS}.$all`, 'limit filterArrayMax'],
    ['abuse 17: $in of 100,000', { [TAGS]: { $in: new Array(100_000).fill(1) } }, '', 'limit documentNodesMax'],
    ['abuse 17: $or of 1,000', { $or: new Array(1_000).fill({ [NAME]: 'x' }) }, `$or[199].${NAME}`, 'limit filterClausesMax'],
    ['abuse 17: many operators', { $and: new Array(101).fill({ [NAME]: { $gt: 'a', $lt: 'b' } }) }, `$and[99].${NAME}.$lt`, 'limit filterClausesMax'],
    ['abuse 17: depth of 21', JSON.parse(nested(21)), `${'$and[0].'.repeat(20)}$and`.slice(0, 120) + '…', 'limit filterDepthMax'],
    ['abuse 17: depth of 1,000', JSON.parse(nested(1_000)), '$and[0].'.repeat(65).slice(0, 120) + '…', 'limit filterJsonDepthMax'],
    ['abuse 17: depth of 100,000', JSON.parse(nested(100_000)), '$and[0].'.repeat(65).slice(0, 120) + '…', 'limit filterJsonDepthMax'],
    ['abuse 17: an array of depth 100,000 as a value', { [METADATA]: JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) }, `${METADATA}${'[0]'.repeat(60)}`.slice(0, 120) + '…', 'limit filterJsonDepthMax'],
    ['abuse 17: $not nested 1,000 deep', { [NAME]: JSON.parse('{"$not":'.repeat(1_000) + '{}' + '}'.repeat(1_000)) }, `${NAME}${'.$not'.repeat(60)}`.slice(0, 120) + '…', 'limit filterJsonDepthMax'],
    ['abuse 17: $elemMatch nested 30 deep', { [METADATA]: JSON.parse('{"$elemMatch":{"a":'.repeat(30) + '1' + '}}'.repeat(30)) }, `${METADATA}${'.$elemMatch.a'.repeat(30)}`.slice(0, 120) + '…', 'limit filterDepthMax'],
    ['abuse 17: 10,000 keys', Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`${METADATA}.k${index}`, 1])), `${METADATA}.k200`, 'limit filterClausesMax'],
    ['a text of a megabyte', { [NAME]: 'x'.repeat(1024 * 1024) }, NAME, 'limit filterTextLengthMax'],
  ]);

  it('takes a filter at its limits', () => {
    const values = Array.from({ length: limits.filterArrayMax }, (_, index) => `tag-${index}`);
    expect(() => parseFilter({ [TAGS]: { $in: values } })).not.toThrow();
    expect(() => parseFilter(JSON.parse(nested(20)))).not.toThrow();
    expect(() => parseFilter({ $or: new Array(limits.filterClausesMax - 1).fill({ [NAME]: 'x' }) })).not.toThrow();
    expect(() => parseFilter({ [NAME]: { $regex: 'a'.repeat(limits.regexLengthMax) } })).not.toThrow();
    expect(() => parseFilter({ [NAME]: { $regex: '^sha256:[0-9a-f]{64}$' } })).not.toThrow();
    expect(() => parseFilter({ [NAME]: { $regex: '^[a-z0-9]{1,63}(\\.[a-z0-9]{1,63}){1,8}$' } })).not.toThrow();
  });

  it('abuse 17: refuses 5 MB of filter at once', () => {
    const filter = JSON.parse(`{"$or":[${new Array(150_000).fill(`{"${NAME}":"x"}`).join(',')}]}`);
    const startedMs = performance.now();
    expect(refusalOf(filter).code).toBe('LIMIT_EXCEEDED');
    expect(performance.now() - startedMs).toBeLessThan(500);
  });

  it('repeats only the beginning of what it refuses', () => {
    const refusal = refusalOf({ [`$${'x'.repeat(1_000_000)}`]: 1 });
    expect(refusal.code).toBe('OPERATOR_NOT_ALLOWED');
    expect(refusal.message.length).toBeLessThan(1_000);
    expect(refusal.details[0]?.path.length).toBeLessThan(200);
  });
});
