import { MongoBulkWriteError, MongoNetworkError, MongoNotConnectedError, MongoRuntimeError, MongoServerError, type BulkWriteResult } from 'mongodb';
import { AppError } from '../../../src/core/errors.ts';
import { isDuplicateKey, isOutOfTime, storeErrorOf } from '../../../src/store/mongodb/errors.ts';

const codeFor = (error: unknown): unknown => {
  const mapped = storeErrorOf(error);
  return mapped instanceof AppError ? mapped.code : mapped;
};

const NOTHING_WRITTEN = {} as unknown as BulkWriteResult;
const inBulk = (error: ConstructorParameters<typeof MongoBulkWriteError>[0]): MongoBulkWriteError => new MongoBulkWriteError(error, NOTHING_WRITTEN);

/** A bulk write of which single writes were refused. */
function refusedInBulk(...codes: number[]): MongoBulkWriteError {
  const writeErrors = codes.map((code) => ({ code })) as unknown as MongoBulkWriteError['writeErrors'];
  return inBulk(Object.assign(new MongoServerError({ message: 'refused' }), { code: codes[0], writeErrors }));
}

describe('errors of MongoDB', () => {
  it.each<[string, Error]>([
    ['no primary', new MongoServerError({ code: 10_107, errmsg: 'not primary' })],
    ['shutting down', new MongoServerError({ code: 11_600, errmsg: 'interrupted at shutdown' })],
    ['majority not reached in time', new MongoServerError({ code: 64, errmsg: 'waiting for replication timed out' })],
    ['no connection', new MongoNetworkError('connection refused')],
    ['closed', new MongoNotConnectedError('closed')],
    ['a retry that met a server that is gone', new MongoRuntimeError('Selected server does not support retryable writes')],
    ['a bulk write that found no connection', inBulk(new MongoNetworkError('connection refused'))],
    ['a bulk write that met a server without a primary', inBulk(new MongoServerError({ code: 10_107, errmsg: 'not primary' }))],
    ['a bulk write that no majority has confirmed', inBulk({ code: 64, message: 'waiting for replication timed out' })],
    ['a socket that was cut', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
  ])('abuse 33: %s is the store being unavailable', (_what, error) => {
    expect(codeFor(error)).toBe('STORE_UNAVAILABLE');
  });

  it('abuse 32: a full disk is the store being full', () => {
    expect(codeFor(new MongoServerError({ code: 14_031, errmsg: 'disk full' }))).toBe('STORE_FULL');
  });

  it('that a query took too long is for the query to say', () => {
    const error = new MongoServerError({ code: 50, errmsg: 'operation exceeded time limit' });
    expect(storeErrorOf(error)).toBe(error);
    expect(isOutOfTime(error)).toBe(true);
  });

  it('of a bulk write are about duplicates only where all of them are', () => {
    expect(isDuplicateKey(refusedInBulk(11_000, 11_000))).toBe(true);
    expect(isDuplicateKey(refusedInBulk(11_000, 14_031))).toBe(false);
    expect(isDuplicateKey(inBulk(new MongoNetworkError('connection refused')))).toBe(false);
    expect(isDuplicateKey(new MongoServerError({ code: 11_000, errmsg: 'duplicate key' }))).toBe(true);
  });

  it('that are about something else stay what they are', () => {
    const error = new MongoServerError({ code: 13, errmsg: 'not authorized' });
    expect(storeErrorOf(error)).toBe(error);
    const defect = new TypeError('a defect');
    expect(storeErrorOf(defect)).toBe(defect);
  });
});
