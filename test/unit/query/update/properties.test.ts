import { AppError } from '../../../../src/core/errors.ts';
import type { Json, JsonObject } from '../../../../src/core/json.ts';
import { applyUpdate } from '../../../../src/query/update/apply.ts';
import { parseUpdate } from '../../../../src/query/update/parse.ts';
import { frozen, METADATA, recordWith } from './support.ts';

/** Any seed will do; a failure is repeated with the one that its message names. */
const SEED = Number(process.env['UPDATE_SEED'] ?? 20_240_607);
const RUNS = 6_000;

/** Mulberry32: small, fast, the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomFrom(SEED);
const below = (limit: number): number => Math.floor(random() * limit);
const pick = <Choice>(choices: readonly Choice[]): Choice => choices[below(choices.length)]!;

const NAMES = ['a', 'b', 'c', '0', '1', '2', 'length', 'toString'] as const;
const HOSTILE_NAMES = ['__proto__', 'constructor', 'prototype', '$', '$[]', '', '_bsontype', '4294967290'] as const;
const SCALARS: readonly Json[] = [null, true, false, 0, 1, -1, 2.5, 9007199254740991, '', 'a', 'x', '\u{1f6a2}'];
const OPERATORS = ['$set', '$unset', '$inc', '$mul', '$min', '$max', '$push', '$addToSet', '$pull', '$pop', '$rename'] as const;

function randomValue(depth: number): Json {
  const kind = depth <= 0 ? 0 : below(4);
  if (kind === 2) {
    return Array.from({ length: below(4) }, () => randomValue(depth - 1));
  }
  if (kind === 3) {
    return Object.fromEntries(Array.from({ length: below(4) }, () => [pick(NAMES), randomValue(depth - 1)]));
  }
  return pick(SCALARS);
}

function randomPath(): string {
  const segments = Array.from({ length: 1 + below(3) }, () => (below(60) === 0 ? pick(HOSTILE_NAMES) : pick(NAMES)));
  return [METADATA, ...segments].join('.');
}

function randomPush(): Json {
  const push: JsonObject = { $each: Array.from({ length: below(3) }, () => randomValue(2)) };
  if (below(2) === 0) push['$position'] = below(7) - 3;
  if (below(2) === 0) push['$slice'] = below(7) - 3;
  if (below(2) === 0) push['$sort'] = pick<Json>([1, -1, { a: 1 }, { 'a.b': -1, c: 1 }]);
  return push;
}

function randomOperand(operator: string): Json {
  switch (operator) {
    case '$inc':
    case '$mul':
      return below(10) === 0 ? randomValue(1) : pick([0, 1, -3, 0.5, 2 ** 40]);
    case '$push':
      return below(2) === 0 ? randomValue(2) : randomPush();
    case '$addToSet':
      return below(2) === 0 ? randomValue(2) : { $each: Array.from({ length: below(4) }, () => randomValue(1)) };
    case '$pull':
      return pick<Json>([randomValue(1), { $gte: 1 }, { a: { $exists: true } }, { $in: [1, 'a', null] }, { $or: [{ a: 1 }, { b: 'x' }] }, {}]);
    case '$pop':
      return below(10) === 0 ? 2 : pick([1, -1]);
    case '$rename':
      return randomPath();
    default:
      return randomValue(3);
  }
}

function randomUpdate(): JsonObject {
  const update: JsonObject = {};
  for (let index = 0; index <= below(3); index++) {
    const operator = pick(OPERATORS);
    const operands = Object.fromEntries(Array.from({ length: 1 + below(2) }, () => [randomPath(), randomOperand(operator)]));
    update[operator] = operands;
  }
  return update;
}

/** The text of the result, or the error's code and message; anything that is not an `AppError` comes through. */
function outcome(record: JsonObject, update: JsonObject): string {
  try {
    return JSON.stringify(applyUpdate(record, parseUpdate(update)));
  } catch (error) {
    if (error instanceof AppError) {
      return `${error.code}: ${error.message}`;
    }
    throw error;
  }
}

function namesOfPrototypes(): string {
  return [Object, Array, String, Number, Boolean, Function].map((constructor) => Reflect.ownKeys(constructor.prototype as object).map(String).join()).join(';');
}

describe(`random updates (UPDATE_SEED=${SEED})`, () => {
  const prototypesBefore = namesOfPrototypes();
  const counts = { applied: 0, refused: 0 };

  it('never change their input, always lead to the same outcome, and refuse only with errors of status 400', () => {
    for (let run = 0; run < RUNS; run++) {
      const record = frozen(recordWith(randomValue(4)));
      const update = frozen(randomUpdate());
      const [recordText, updateText] = [JSON.stringify(record), JSON.stringify(update)];
      const first = outcome(record, update);
      const repeated = outcome(JSON.parse(recordText) as JsonObject, JSON.parse(updateText) as JsonObject);
      const message = `run ${run}: ${recordText} ${updateText}`;
      expect({ message, outcome: repeated }).toEqual({ message, outcome: first });
      expect(JSON.stringify(record)).toBe(recordText);
      expect(JSON.stringify(update)).toBe(updateText);
      counts[first.startsWith('{') ? 'applied' : 'refused'] += 1;
    }
    expect(counts.applied).toBeGreaterThan(RUNS / 10);
    expect(counts.refused).toBeGreaterThan(RUNS / 10);
  });

  it('can be applied again and again, and to other records, without one application touching another', () => {
    for (let run = 0; run < RUNS / 10; run++) {
      const source = randomUpdate();
      const records = [recordWith(randomValue(3)), recordWith(randomValue(3))];
      const fresh = records.map((record) => outcome(record, source));
      let shared: string[];
      try {
        const update = parseUpdate(frozen(source));
        shared = records.map((record) => {
          try {
            return JSON.stringify(applyUpdate(frozen(record), update));
          } catch (error) {
            return error instanceof AppError ? `${error.code}: ${error.message}` : 'crashed';
          }
        });
      } catch {
        continue;
      }
      expect(shared).toEqual(fresh);
    }
  });

  it('leave all parts of the record alone that they do not name', () => {
    for (let run = 0; run < RUNS / 10; run++) {
      const record = frozen(recordWith(randomValue(3)));
      const update = randomUpdate();
      if (outcome(record, update).startsWith('{')) {
        expect({ ...applyUpdate(record, parseUpdate(update)), [METADATA]: null }).toEqual({ ...record, [METADATA]: null });
      }
    }
  });

  it('add nothing to any prototype', () => {
    expect(namesOfPrototypes()).toBe(prototypesBefore);
  });
});
